using ExecutionManager.Adapters;
using ExecutionManager.Sagas;

namespace ExecutionManager.Worker;

/// <summary>The whole configuration, read and checked once at the start.</summary>
public sealed record WorkerSettings
{
    public required string DataDirectory { get; init; }
    public required int MqttPort { get; init; }

    /// <summary>The PostgreSQL database; null: SQLite in the data directory.</summary>
    public string? Postgres { get; init; }

    /// <summary>The RabbitMQ broker; null: the bus is in memory.</summary>
    public Uri? Bus { get; init; }

    /// <summary>The MQTT broker; null: the embedded one.</summary>
    public MqttAdapterOptions? Mqtt { get; init; }
    public required ContractSettings Contracts { get; init; }
    public required int RelayMaxAttempts { get; init; }
    public required TimeSpan InboxRetention { get; init; }
    public required TimeSpan TerminalRetention { get; init; }
    public required bool AllowAnonymous { get; init; }
    public required bool JsonLogs { get; init; }
    public required IReadOnlyList<Uri> Urls { get; init; }

    public string DatabaseFile => Path.Combine(DataDirectory, "execution-manager.db");
    public string StoreConnection => $"Data Source={DatabaseFile};Default Timeout=30;Pooling=True";
}
