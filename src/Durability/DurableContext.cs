using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Durability;

/// <summary>The scope's own context: what handlers change in it is in the same transaction.</summary>
internal sealed record DurableContext(DbContext Db);
