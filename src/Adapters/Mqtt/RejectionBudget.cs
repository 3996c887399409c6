namespace ExecutionManager.Adapters;

/// <summary>How many rejections a device is told in a minute: a device in a loop must not make the adapter one.</summary>
public sealed class RejectionBudget(int perMinute, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _told = [];
    private DateTimeOffset _since = time.GetUtcNow();

    public bool TrySpend(string deviceId)
    {
        lock (_gate)
        {
            if (time.GetUtcNow() - _since >= TimeSpan.FromMinutes(1))
            {
                _told.Clear();
                _since = time.GetUtcNow();
            }
            var told = _told.GetValueOrDefault(deviceId);
            if (told >= perMinute || (told == 0 && _told.Count >= 10_000))
                return false;
            _told[deviceId] = told + 1;
            return true;
        }
    }
}
