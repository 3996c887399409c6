using System.ComponentModel;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Worker;

internal sealed record DeviceRepresentation
{
    public required string DeviceId { get; init; }

    [Description("Connectivity is confirmed: a message of this epoch is not too old.")]
    public required bool Connected { get; init; }

    [Description("Absent until the device was heard of, as all that only it can tell.")]
    public long? ConnectionEpoch { get; init; }
    public DateTimeOffset? ChangedAt { get; init; }
    public DateTimeOffset? LastSeenAt { get; init; }
    public TimeSpan? ReportInterval { get; init; }
    public DeviceCapabilities? Capabilities { get; init; }

    [Description("Its contracts that have not ended.")]
    public required IReadOnlyList<Guid> Contracts { get; init; }

    [Description("What it reported about contracts that nobody here knows.")]
    public required IReadOnlyList<OrphanPart> Orphans { get; init; }
}

internal sealed record OrphanPart(Guid ContractId, int Entries, DateTimeOffset Since);
