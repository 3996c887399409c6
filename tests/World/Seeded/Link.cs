using ExecutionManager.Adapters;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

/// <summary>A device and what is on its way between it and the adapter.</summary>
internal sealed class Link(string name, SimulatedDevice device, DeviceProfile profile)
{
    public string Name => name;
    public SimulatedDevice Device => device;
    public DeviceProfile Profile => profile;
    public List<DeviceMessage> Up { get; } = [];
    public List<DownwardMessage> Down { get; } = [];

    /// <summary>What the broker keeps for subscribers to come.</summary>
    public DeviceMessage? Retained { get; set; }

    /// <summary>Nothing passes, and neither side knows.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Held when the disk was lost: what the journal said of them is no longer there to compare with.</summary>
    public HashSet<Guid> Lost { get; } = [];

    /// <summary>Everything on the device's disk is gone.</summary>
    public void LoseDisk(DateTimeOffset now)
    {
        Lost.UnionWith(Device.Contracts.Select(held => Guid.Parse(held.ContractId)));
        Device.LoseStorage(now);
    }

    /// <summary>What never arrives of what the device publishes.</summary>
    public Func<DeviceMessage, bool> Loses { get; set; } = _ => false;

    /// <summary>The device has published; of telemetry only the newest is worth waiting for.</summary>
    public void Publish(IEnumerable<DeviceMessage> messages)
    {
        foreach (var message in messages.Where(message => !Loses(message)))
        {
            if (message.Qos == 0)
                Up.RemoveAll(waiting => waiting.Qos == 0);
            Up.Add(message);
        }
    }
}
