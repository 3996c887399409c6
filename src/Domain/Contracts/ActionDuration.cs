namespace ExecutionManager.Domain;

/// <summary>A PERT estimate: 0 &lt; min &lt;= mode &lt;= max.</summary>
/// <param name="Min">Never shorter.</param>
/// <param name="Mode">Most often.</param>
/// <param name="Max">Never longer.</param>
public sealed record ActionDuration(TimeSpan Min, TimeSpan Mode, TimeSpan Max)
{
    /// <summary>(min + 4·mode + max) / 6.</summary>
    public TimeSpan Mean => (Min + 4 * Mode + Max) / 6;
}
