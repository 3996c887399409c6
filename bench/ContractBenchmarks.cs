using System.Text.Json;
using BenchmarkDotNet.Attributes;
using ExecutionManager.Domain;

namespace ExecutionManager.Bench;

[MemoryDiagnoser]
public class ContractBenchmarks
{
    private JsonElement document;
    private string written = "";

    [Params(10, 500)]
    public int Actions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        document = Plans.Document(Actions);
        written = ContractDocument.Write(Plans.Read(document));
    }

    /// <summary>A request, with all its checks.</summary>
    [Benchmark]
    public ContractReading Read() => ContractDocument.Read(document, Guid.Empty, Plans.Start);

    /// <summary>Our own row.</summary>
    [Benchmark]
    public Contract Parse() => ContractDocument.Parse(written);
}
