namespace ExecutionManager.Worker;

/// <summary>Everything that is wrong with the configuration, each with its key.</summary>
public sealed class ConfigurationFault(IReadOnlyList<string> faults) : Exception(string.Join("; ", faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
