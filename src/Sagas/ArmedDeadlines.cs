using System.Collections.Immutable;

namespace ExecutionManager.Sagas;

/// <summary>The armed deadlines of a contract; a fired one whose token is not current says nothing.</summary>
public sealed record ArmedDeadlines(ImmutableSortedDictionary<DeadlineKind, ArmedDeadline> ByKind)
{
    public static readonly ArmedDeadlines None = new(ImmutableSortedDictionary<DeadlineKind, ArmedDeadline>.Empty);

    /// <summary>The deadline that comes first, or null.</summary>
    public KeyValuePair<DeadlineKind, ArmedDeadline>? Earliest =>
        ByKind.IsEmpty ? null : ByKind.MinBy(armed => armed.Value.At);

    public ArmedDeadline? Of(DeadlineKind kind) => ByKind.GetValueOrDefault(kind);

    public bool IsCurrent(DeadlineReached reached) => Of(reached.Kind)?.Token == reached.Token;

    public ArmedDeadlines With(DeadlineKind kind, ArmedDeadline armed) => new(ByKind.SetItem(kind, armed));

    public ArmedDeadlines Without(DeadlineKind kind) => new(ByKind.Remove(kind));
}

public sealed record ArmedDeadline(Guid Token, DateTimeOffset At);
