namespace ExecutionManager.Neighbours;

/// <summary>How a neighbour behaves; <paramref name="Delay"/> counts with <see cref="Fault.Slow"/> only.</summary>
internal sealed record Conduct(Fault Fault, TimeSpan Delay);
