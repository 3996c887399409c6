using System.Globalization;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>
/// Corrects durations by the pace seen so far: time taken by the finished actions over their expected time, between
/// 0.5 and 3; within 10 % of 1 nothing changes. A slower pace moves mode and max up, a faster one min and mode down:
/// the range only widens, for what was possible once still is.
/// </summary>
internal readonly record struct Retiming(double Pace)
{
    public static Retiming From(ReplanRequested request)
    {
        var (took, expected) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var action in request.Contract.Actions ?? [])
        {
            if (request.Actual?.Actions.GetValueOrDefault(action.ActionId ?? "") is { Status: ActionStatus.Finished, StartedAt: { } start, EndedAt: { } end }
                && action.Duration is { Min: { } min, Mode: { } mode, Max: { } max })
            {
                took += end - start;
                expected += (min + (4 * mode) + max) / 6;
            }
        }
        var pace = expected > TimeSpan.Zero ? Math.Clamp(took / expected, 0.5, 3) : 1;
        return new(Math.Abs(pace - 1) <= 0.1 ? 1 : pace);
    }

    public PlannedAction Apply(PlannedAction action)
    {
        if (Pace == 1 || action.Duration is not { Min: { } min, Mode: { } mode, Max: { } max })
            return action;
        return action with
        {
            Duration = Pace > 1
                ? new() { Min = min, Mode = Scaled(mode), Max = Scaled(max) }
                : new() { Min = Scaled(min), Mode = Scaled(mode), Max = max },
        };
    }

    public override string ToString() => Pace == 1
        ? "durations as planned"
        : string.Create(CultureInfo.InvariantCulture, $"durations corrected by the pace so far, {Pace:0.##}");

    // Up to whole milliseconds: keeps the order and never reaches zero.
    private TimeSpan Scaled(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds * Pace));
}
