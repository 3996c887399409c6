namespace ExecutionManager.Adapters;

/// <summary>The way down to the devices.</summary>
public interface IDevicePublisher
{
    Task<DevicePublication> PublishAsync(DownwardMessage message, CancellationToken cancellation);
}
