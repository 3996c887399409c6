namespace ExecutionManager.Simulation;

/// <summary>Where a simulated device finds its broker, and its disk.</summary>
public sealed record MqttDeviceOptions
{
    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 1883;

    /// <summary>The user name is the deviceId; null: no credentials.</summary>
    public string? Password { get; init; }

    /// <summary>Written before anything is published; null: the device forgets everything with the process.</summary>
    public string? StateFile { get; init; }

    public TimeSpan BackOffFirst { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan BackOffLongest { get; init; } = TimeSpan.FromSeconds(10);
}
