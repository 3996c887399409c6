namespace ExecutionManager.Domain;

internal static class Instants
{
    /// <summary>Addition that ends at the ends of time: a device may claim any instant.</summary>
    public static DateTimeOffset Plus(this DateTimeOffset at, TimeSpan span) =>
        span > DateTimeOffset.MaxValue - at ? DateTimeOffset.MaxValue
        : span < DateTimeOffset.MinValue - at ? DateTimeOffset.MinValue
        : at + span;

    public static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    public static DateTimeOffset? Min(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other : other is null || one < other ? one : other;
}
