using BenchmarkDotNet.Attributes;
using ExecutionManager.Domain;

namespace ExecutionManager.Bench;

/// <summary>Goal: at most 50 µs for 10 actions, 2 ms for 500.</summary>
[MemoryDiagnoser]
public class ProjectionBenchmarks
{
    private ProjectionBasis basis = null!;

    [Params(10, 500)]
    public int Actions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var running = Execution.None.Apply(new(1, 1, Plans.Start, "accepted")).Apply(new(2, 1, Plans.Start, "actionStarted", "a1"));
        basis = new(Plans.Read(Plans.Document(Actions)), running, Plans.Start.AddSeconds(30));
    }

    [Benchmark]
    public Estimate At() => Projection.At(basis, Plans.Start.AddMinutes(5));
}
