using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Adapters;

/// <summary>The latest sample per contract and device, until it is taken: memory is bounded by devices, not by their rate.</summary>
public sealed class LatestSamples(int most)
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _waiting = new(0, 1);
    private Dictionary<(string DeviceId, Guid? ContractId), TelemetrySample> _latest = [];
    private Queue<TelemetrySample> _taken = new();

    /// <summary>False: dropped, as an older one than what waits, or for want of room.</summary>
    public bool Offer(TelemetrySample sample)
    {
        var key = (sample.DeviceId, sample.ContractId);
        lock (_gate)
        {
            if (_latest.TryGetValue(key, out var waiting))
            {
                AdapterMetrics.Coalesced.Add(1);
                if ((sample.ConnectionEpoch, sample.UptimeMs).CompareTo((waiting.ConnectionEpoch, waiting.UptimeMs)) < 0)
                    return false;
            }
            else if (_latest.Count >= most)
            {
                AdapterMetrics.TelemetryDropped.Add(1);
                return false;
            }
            _latest[key] = sample;
            if (_latest.Count == 1 && _waiting.CurrentCount == 0)
                _waiting.Release();
            return true;
        }
    }

    /// <summary>Waits until there is something to take.</summary>
    public async Task<IReadOnlyList<TelemetrySample>> Take(int batch, CancellationToken cancellation)
    {
        while (_taken.Count == 0)
        {
            await _waiting.WaitAsync(cancellation);
            lock (_gate)
            {
                _taken = new Queue<TelemetrySample>(_latest.Values);
                _latest = [];
            }
        }
        var samples = new List<TelemetrySample>(Math.Min(batch, _taken.Count));
        while (samples.Count < batch && _taken.TryDequeue(out var sample))
            samples.Add(sample);
        return samples;
    }
}
