namespace ExecutionManager.Domain;

/// <summary>Finds failures in evidence.</summary>
public static class Failures
{
    /// <summary>Concluded from silence only: withdrawn when the device is heard before a decision is carried out.</summary>
    public static bool FromSilence(FailureKind kind) => kind is FailureKind.DeviceUnreachable or FailureKind.AcceptTimeout
        or FailureKind.OfflineTooLong or FailureKind.ReconciliationTimeout;

    /// <summary>The first failure among new entries that nothing after it overcame; null if there is none.</summary>
    /// <param name="before">What was known before them.</param>
    /// <param name="applied">The new entries, in order.</param>
    /// <param name="after">What is known with them, and with a snapshot if one came.</param>
    /// <param name="plan">The revision in force.</param>
    /// <param name="stopDesired">The device was told to stop: standing still is obedience.</param>
    public static FoundFailure? Find(
        Execution before, IReadOnlyList<JournalEntry> applied, Execution after, Contract plan, bool stopDesired)
    {
        if (after.IsCompleted)
        {
            return null;
        }
        var revision = before.Revision;
        FoundFailure? found = null;
        foreach (var entry in applied)
        {
            if (entry.Type == EntryTypes.Accepted && entry.Revision > revision)
            {
                // A newer plan was on its way while it failed: the device already works on the remedy.
                (revision, found) = (entry.Revision, null);
            }
            found ??= Judge(entry, plan, stopDesired);
        }
        return found ?? (!ReferenceEquals(before.Position, after.Position) && IsOutside(plan, after.Position)
            ? new(FailureKind.ScopeViolated, after.Running?.ActionId, "the device is outside the area", null, after.SnapshotAt)
            : null);
    }

    /// <summary>Whether a position lies outside the contract's area; false where there is no area or no position.</summary>
    public static bool IsOutside(Contract plan, IReadOnlyList<double>? position) =>
        position is [var x, var y, ..]
        && plan.Scope.Area is { } json
        && Geometries.ReadArea(json, plan.Frame).Geometry is { } area
        && !area.Covers(Geometries.Point(x, y));

    private static FoundFailure? Judge(JournalEntry entry, Contract plan, bool stopDesired) => entry.Type switch
    {
        EntryTypes.ActionFailed => Shown(entry, FailureKind.ActionFailed, "the action failed", "reasonCode"),
        EntryTypes.ScopeViolated => Shown(entry, FailureKind.ScopeViolated, "the device left its scope", "kind"),
        EntryTypes.Fault => Shown(entry, FailureKind.DeviceFault, "the device reports a fault", "code"),
        EntryTypes.Stopped when !stopDesired => Shown(entry, FailureKind.DeviceFault, "the device stopped the contract unasked"),
        EntryTypes.ActionStarted when TypeOf(entry, plan) is { } type && !plan.Scope.ActionTypes.Contains(type) =>
            Shown(entry, FailureKind.ScopeViolated, $"the device started an action of type {type}"),
        _ => null,
    };

    private static string? TypeOf(JournalEntry entry, Contract plan) =>
        entry.Text("actionType") ?? plan.Actions.FirstOrDefault(action => action.ActionId == entry.ActionId)?.ActionType;

    private static FoundFailure Shown(JournalEntry entry, FailureKind kind, string words, string code = "code")
    {
        string?[] parts = [words, entry.Text(code), entry.Text("detail")];
        return new(kind, entry.ActionId, string.Join(": ", parts.Where(part => !string.IsNullOrWhiteSpace(part))), entry.Seq, entry.At);
    }
}
