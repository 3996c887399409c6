using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Store;

namespace ExecutionManager.Worker;

/// <summary>A transition, or a report of the device (without <c>to</c>).</summary>
internal sealed record HistoryItem
{
    public string EntryId { get; init; } = "";
    public int Version { get; init; }
    public DateTimeOffset At { get; init; }
    public ContractStatus? From { get; init; }
    public ContractStatus? To { get; init; }
    public required TransitionCause Cause { get; init; }

    [Description("What it was concluded from.")]
    public JsonElement? Evidence { get; init; }
    public HistoryReport? Report { get; init; }

    /// <summary>The body of the row holds most of it, under the same names.</summary>
    public static HistoryItem Of(EventRow row) => JsonSerializer.Deserialize<HistoryItem>(row.Body, WireJson.Options)! with
    {
        EntryId = row.Sequence.ToString(CultureInfo.InvariantCulture), Version = row.Version, At = row.At,
    };
}

internal sealed record HistoryReport(DivergenceLevel Level);
