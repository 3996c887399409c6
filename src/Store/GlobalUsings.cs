global using SnapshotAction = ExecutionManager.Domain.SnapshotAction;
global using JournalEntry = ExecutionManager.Domain.JournalEntry;
global using ContractDocument = ExecutionManager.Domain.ContractDocument;
