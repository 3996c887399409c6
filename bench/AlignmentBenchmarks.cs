using BenchmarkDotNet.Attributes;
using ExecutionManager.Domain;

namespace ExecutionManager.Bench;

[MemoryDiagnoser]
public class AlignmentBenchmarks
{
    private FlowStep[] plan = [];
    private FlowStep[] executed = [];

    [Params(10, 500)]
    public int Actions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        plan = [.. Enumerable.Range(1, Actions).Select(number => new FlowStep($"a{number}"))];
        // Each tenth is skipped, each seventh is followed by one of the device's own.
        executed = [.. plan.Where((_, index) => index % 10 != 9).SelectMany((step, index) => index % 7 == 6 ? [step, new FlowStep($"own{index}")] : new[] { step })];
    }

    [Benchmark]
    public AlignmentResult Align() => Alignment.Align(executed, plan, completed: true);
}
