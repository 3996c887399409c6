namespace ExecutionManager.Adapters;

/// <param name="WhyNot">Null while connected.</param>
public sealed record MqttAdapterStatus(bool IsConnected, string? WhyNot);
