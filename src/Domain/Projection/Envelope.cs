namespace ExecutionManager.Domain;

/// <summary>What is known of one execution, and the bounds that durations set on the rest of it. In seconds from <see cref="Start"/>.</summary>
internal sealed class Envelope
{
    public Envelope(ProjectionBasis basis)
    {
        Basis = basis;
        var execution = basis.Execution;
        Limit = Instants.Min(basis.LeaseEnd, basis.Plan.Scope.NotAfter);
        Stands = execution.IsEnded || execution.Status == ExecutionStatus.Paused || HasFailed;
        var running = execution.Running;
        IsBehind = running is null && basis.FreeFrom is not null;
        Start = running is not null
            ? basis.EvidenceAt
            : Instants.Max(Instants.Max(basis.EvidenceAt, basis.Plan.Scope.NotBefore), basis.FreeFrom);
        Open = Remaining(running);
        IsRunning = running is not null && Open is [var first, ..] && first.ActionId == running.ActionId;
        IsForeign = running is not null && !IsRunning;
        Elapsed = IsRunning ? running!.ElapsedAt(basis.EvidenceAt)?.TotalSeconds : null;
        Slack = IsRunning ? running!.Slack.TotalSeconds : 0;
        Progress = IsRunning && basis.Progress is { } progress ? Math.Clamp(progress, 0, 1) : null;
        Steps = Bound();
    }

    /// <summary>An open action: between which seconds it begins and ends; no latest where there is no bound.</summary>
    internal readonly record struct Step(PlannedAction Action, double EarliestStart, double? LatestStart, double Earliest, double? Latest)
    {
        /// <summary>The probability that it ended; the sum is that of this action and those before it.</summary>
        public double Ended(DurationSum sum, double by) => by < Earliest ? 0 : by >= Latest ? 1 : sum.By(by);
    }

    public ProjectionBasis Basis { get; }

    /// <summary>When the first open action begins, or the evidence that it runs.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>The actions the journal does not show ended, the running one first, in the order of the plan.</summary>
    public IReadOnlyList<PlannedAction> Open { get; }

    public IReadOnlyList<Step> Steps { get; }

    /// <summary>The first open action runs.</summary>
    public bool IsRunning { get; }

    /// <summary>An action of the device's own runs: nobody knows how long it takes.</summary>
    public bool IsForeign { get; }

    /// <summary>How long the running action had run at the evidence at least, by how much it may be more, and its progress then.</summary>
    public double? Elapsed { get; }

    public double Slack { get; }

    public double? Progress { get; }

    /// <summary>The end of lease or window.</summary>
    public DateTimeOffset? Limit { get; }

    /// <summary>By its own journal the device does not advance.</summary>
    public bool Stands { get; }

    public bool IsBehind { get; }

    /// <summary>It ran longer than it may: the durations are refuted.</summary>
    public bool IsRefuted => IsRunning && !Stands && Elapsed >= Open[0].Duration.Max.TotalSeconds;

    /// <summary>A plan accepted since, of which the journal knows nothing yet, has put the failure behind.</summary>
    public bool HasFailed => Basis.Execution.Status == ExecutionStatus.Failed && Basis.Plan.Revision <= Basis.Execution.Revision;

    /// <summary>Where nothing is known of the running action but its name, of another's contract, or where the durations are refuted, there is no distribution.</summary>
    public bool HasDistribution => !IsForeign && !IsRefuted && !IsBehind && !(IsRunning && Assumed is null && Progress is null);

    /// <summary>The distribution of the first open action's end.</summary>
    public DurationSum First(DurationSum sum)
    {
        if (IsRunning)
        {
            sum.Begin(Open[0].Duration, Assumed, Progress);
        }
        else if (Open.Count > 0)
        {
            sum.Add(Open[0].Duration);
        }
        return sum;
    }

    /// <summary>The seconds in which there could be progress until an instant.</summary>
    public double Until(DateTimeOffset now)
    {
        var until = Instants.Min(now, Limit)!.Value;
        return Stands || until <= Start ? 0 : (until - Start).TotalSeconds;
    }

    /// <summary>What is under way when the lease or the window ends may still be finished within the stop time; nothing begins.</summary>
    public double UntilStopped(DateTimeOffset now) =>
        Until(now) + (Stands || !(now > Limit) || Start > Limit ? 0 : Math.Min((now - Limit!.Value).TotalSeconds, Basis.Plan.Scope.StopTime.TotalSeconds));

    /// <summary>Half of what it may have run more; nothing where that could be anything.</summary>
    private double? Assumed => Slack == 0 ? Elapsed : Elapsed + Slack < Open[0].Duration.Max.TotalSeconds ? Elapsed + Slack / 2 : null;

    private List<PlannedAction> Remaining(ActionRecord? running)
    {
        var records = Basis.Execution.Actions;
        return
        [
            .. Basis.Plan.Actions
                .Where(action => !records.TryGetValue(action.ActionId, out var record) || record.IsOpen)
                .OrderByDescending(action => action.ActionId == running?.ActionId),
        ];
    }

    private List<Step> Bound()
    {
        var steps = new List<Step>(Open.Count);
        var (earliest, latest) = (0.0, IsBehind || IsForeign ? (double?)null : 0);
        foreach (var action in Open)
        {
            var (shortest, longest) = (action.Duration.Min.TotalSeconds, (double?)action.Duration.Max.TotalSeconds);
            if (IsRunning && steps.Count == 0)
            {
                (shortest, longest) = Rest(shortest, longest.Value);
            }
            steps.Add(new(action, earliest, latest, earliest + shortest, latest + longest));
            (earliest, latest) = (steps[^1].Earliest, steps[^1].Latest);
        }
        return steps;
    }

    private (double Shortest, double? Longest) Rest(double min, double max) => (Elapsed, Progress) switch
    {
        ({ } e, _) when e >= max => (0, null),
        ({ } e, null) => (Math.Max(0, min - e - Slack), max - e),
        ({ } e, _) => (0, max - e),
        (null, { } p) => ((1 - p) * min, (1 - p) * max),
        (null, null) => (0, max),
    };
}
