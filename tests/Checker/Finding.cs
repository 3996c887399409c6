namespace ExecutionManager.Checker;

internal enum Fault
{
    Lost,
    Doubled,
    Inconsistent,
}

internal sealed record Finding(Fault Fault, string What)
{
    public override string ToString() => $"{Fault.ToString().ToLowerInvariant()}: {What}";
}
