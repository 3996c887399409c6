namespace ExecutionManager.Store;

/// <summary>Which silences were told not long ago, so that the sweeps do not tell them each second while nobody is heard, as when
/// the bus is away. A silence is told again after a while: an earlier worker, or another one, may have forgotten it.</summary>
public sealed class SilencesTold
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);
    private Dictionary<string, (DateTimeOffset Since, DateTimeOffset At)> told = [];

    /// <summary>Of the devices that are silent now, those that nobody was told of.</summary>
    internal IReadOnlyList<T> Untold<T>(IReadOnlyList<T> silent, Func<T, string> device, Func<T, DateTimeOffset> since, DateTimeOffset now)
    {
        var news = silent.Where(one => !(told.TryGetValue(device(one), out var last) && last.Since == since(one) && now - last.At < Again)).ToList();
        var isNew = news.Select(device).ToHashSet();
        told = silent.ToDictionary(device, one => isNew.Contains(device(one)) ? (since(one), now) : told[device(one)]);
        return news;
    }
}
