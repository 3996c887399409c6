namespace ExecutionManager.Adapters;

/// <summary>What an adapter publishes to a device, never retained.</summary>
public sealed record DownwardMessage(string DeviceId, string Topic, byte[] Payload, int Qos = 1);
