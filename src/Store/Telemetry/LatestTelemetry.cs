using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Store;

/// <summary>The newest sample of each device and contract that is not stored yet: however long the database takes, memory
/// is bounded by what may wait, and the latest wins.</summary>
public sealed class LatestTelemetry(int most)
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim waiting = new(0, 1);
    private Dictionary<(string DeviceId, Guid ContractId), TelemetrySample> latest = [];
    private Queue<TelemetrySample> taken = new();

    public void Offer(IEnumerable<TelemetrySample> samples)
    {
        var (coalesced, dropped) = (0, 0);
        lock (gate)
        {
            foreach (var sample in samples)
            {
                var key = (sample.DeviceId, sample.ContractId ?? Guid.Empty);
                if (!latest.TryGetValue(key, out var known))
                {
                    if (latest.Count < most)
                    {
                        latest.Add(key, sample);
                    }
                    else
                    {
                        dropped++;
                    }

                    continue;
                }

                coalesced++;
                if ((sample.ConnectionEpoch, sample.ReceivedAt).CompareTo((known.ConnectionEpoch, known.ReceivedAt)) >= 0)
                {
                    latest[key] = sample;
                }
            }

            if (latest.Count > 0 && waiting.CurrentCount == 0)
            {
                waiting.Release();
            }
        }

        TelemetryMeter.Coalesced.Add(coalesced);
        TelemetryMeter.Dropped.Add(dropped);
    }

    /// <summary>Returns when there may be something to take.</summary>
    public Task Wait(CancellationToken ct) => waiting.WaitAsync(ct);

    /// <summary>At most so many, of different devices and contracts; none when nothing waits.</summary>
    public IReadOnlyList<TelemetrySample> Take(int batch)
    {
        lock (gate)
        {
            if (taken.Count == 0)
            {
                (taken, latest) = (new Queue<TelemetrySample>(latest.Values), []);
            }

            var samples = new List<TelemetrySample>(Math.Min(batch, taken.Count));
            while (samples.Count < batch && taken.TryDequeue(out var sample))
            {
                samples.Add(sample);
            }

            return samples;
        }
    }
}
