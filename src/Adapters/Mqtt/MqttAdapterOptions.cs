namespace ExecutionManager.Adapters;

/// <summary>Where the broker is, and how much the adapter takes upon itself.</summary>
public sealed record MqttAdapterOptions
{
    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 1883;

    public bool UseTls { get; init; }

    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>Unique among all adapters of the broker.</summary>
    public string ClientId { get; init; } = $"execution-manager-{Environment.MachineName}-{Guid.NewGuid():N}";

    /// <summary>Each message goes to one of the adapters, if the broker is proved to do that; else to every one.</summary>
    public bool SharedSubscriptions { get; init; }

    /// <summary>A device's message beyond this many bytes is answered with <c>tooLarge</c>.</summary>
    public int LargestPayload { get; init; } = Upward.LargestPayload;

    /// <summary>Deadlines:Command: an older command is dropped, since what is desired is repeated anyway.</summary>
    public TimeSpan CommandMaxAge { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Messages whose acknowledgement waits for the bus, at most; as many at QoS 0 wait for the bus beside them, and more are dropped and counted.</summary>
    public ushort InFlight { get; init; } = 256;

    /// <summary>Least time between two batches of telemetry.</summary>
    public TimeSpan TelemetryInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Samples in one batch, at most.</summary>
    public int TelemetryBatch { get; init; } = 500;

    /// <summary>Devices and contracts whose latest sample may wait, at most; beyond, new ones are dropped and counted.</summary>
    public int TelemetryWaiting { get; init; } = 100_000;

    /// <summary>Rejections told to one device in a minute, at most.</summary>
    public int RejectionsPerMinute { get; init; } = 20;

    public TimeSpan BackOffFirst { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan BackOffLongest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From <c>mqtt://user:password@host:1883</c> or <c>mqtts://…</c>; null when it is neither.</summary>
    public static MqttAdapterOptions? Parse(string connection)
    {
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var uri) || uri.Scheme is not ("mqtt" or "mqtts") || uri.Host.Length == 0)
            return null;
        var tls = uri.Scheme == "mqtts";
        var user = uri.UserInfo.Split(':', 2);
        return new MqttAdapterOptions
        {
            Host = uri.DnsSafeHost,
            Port = uri.IsDefaultPort || uri.Port < 0 ? tls ? 8883 : 1883 : uri.Port,
            UseTls = tls,
            UserName = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
    }
}
