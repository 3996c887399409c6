namespace ExecutionManager.Worker.Demo;

/// <summary>Another port than the broker's for one device of the demo; only a test composes it.</summary>
public sealed record DemoPorts(string DeviceId, int Port);
