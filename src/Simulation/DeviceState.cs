using System.Text.Json;
using System.Text.Json.Serialization;

namespace ExecutionManager.Simulation;

/// <summary>What a device keeps on its disk.</summary>
internal sealed class DeviceState
{
    public long Epoch { get; set; }

    /// <summary>True from the reservation of an epoch until the birth that uses it.</summary>
    public bool EpochReserved { get; set; }

    public long AcceptedCount { get; set; }

    public List<HeldContract> Contracts { get; set; } = [];

    /// <summary>Closed, or told to stop while not held: refused until the next connect.</summary>
    public SortedSet<string> Ended { get; set; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long> Tokens { get; set; } = new(StringComparer.Ordinal);

    public double Battery { get; set; } = 1;

    public double[]? Position { get; set; }

    public DateTimeOffset At { get; set; }
}

internal sealed class HeldContract
{
    private ContractDocument? _document;

    public required JsonElement Json { get; set; }

    public required string ContentHash { get; set; }

    /// <summary>Order of first acceptance.</summary>
    public required long AcceptedOrder { get; init; }

    public string Intent { get; set; } = "run";

    public long IntentVersion { get; set; }

    public ContractStatus Status { get; set; }

    /// <summary>The entry type that made it fail.</summary>
    public string? FailedBy { get; set; }

    /// <summary>Failed, and neither a new revision nor a new desire has come since.</summary>
    public bool AwaitsWord { get; set; }

    public DateTimeOffset? PausedUntil { get; set; }

    public List<JournalEntry> Journal { get; set; } = [];

    public long AckedThrough { get; set; }

    /// <summary>finished, failed, stopped or skipped, by actionId.</summary>
    public SortedDictionary<string, string> Over { get; set; } = new(StringComparer.Ordinal);

    public RunningAction? Running { get; set; }

    [JsonIgnore]
    public ContractDocument Document
    {
        get => _document ??= ContractDocument.Read(Json);
        set => _document = value;
    }

    [JsonIgnore]
    public string ContractId => Document.ContractId;

    [JsonIgnore]
    public long Tail => Journal.Count;

    [JsonIgnore]
    public bool IsEnded => Status is ContractStatus.Completed or ContractStatus.Stopped;

    // Below: gone with a reboot.

    [JsonIgnore]
    public (long AsOf, long End)? Lease { get; set; }

    [JsonIgnore]
    public (DateTimeOffset At, string Reason, string? Detail)? Stop { get; set; }

    /// <summary>The intentVersion of a hold or stop that is answered once it stands still.</summary>
    [JsonIgnore]
    public long? UnansweredIntent { get; set; }

    [JsonIgnore]
    public long SentThrough { get; set; }

    [JsonIgnore]
    public DateTimeOffset? ResendAt { get; set; }

    [JsonIgnore]
    public TimeSpan ResendDelay { get; set; }
}

/// <summary>An action that was started and is not over; it stands while <see cref="Since"/> is null.</summary>
internal sealed class RunningAction
{
    public required string ActionId { get; init; }

    public required string ActionType { get; init; }

    public required bool IsExtra { get; init; }

    public required TimeSpan Total { get; init; }

    public TimeSpan Elapsed { get; set; }

    public DateTimeOffset? Since { get; set; }

    /// <summary>When its incident comes, in time executed; null: none, or had.</summary>
    public TimeSpan? IncidentAfter { get; set; }

    public TimeSpan ElapsedAt(DateTimeOffset at) => Since is { } since ? Elapsed + (at - since) : Elapsed;

    public double ProgressAt(DateTimeOffset at) => Total > TimeSpan.Zero ? Math.Clamp(ElapsedAt(at) / Total, 0, 1) : 1;
}
