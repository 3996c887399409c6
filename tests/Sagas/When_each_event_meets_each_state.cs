using System.Text;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Sagas.Tests;

/// <summary>
/// Every event in every state, with the next state and what goes out. The approved files change only by hand, or with
/// <c>APPROVE=1 dotnet test tests/Sagas</c>, whose difference is then read.
/// </summary>
public sealed class When_each_event_meets_each_state
{
    private static readonly string Root = FindRoot();

    [Test]
    public async Task Should_be_as_approved()
    {
        await using var bench = await Bench.Start();
        bench.Records.Devices[Given.Device] = Given.ConnectedDevice;
        bench.Records.Devices[Given.DeviceWithoutLease] = Given.ConnectedWithoutLease;
        var rows = new StringBuilder("# Every event in every state\n\nWritten by a test; `-` is: stays, nothing goes out. An ignored cell gives its reason.\n");
        foreach (var (title, state, with) in Given.Situations(StatesInOrder(bench.Machine)))
        {
            rows.Append($"\n## {title}\n\n| event | next | goes out |\n|---|---|---|\n");
            foreach (var (name, message) in Given.Events())
            {
                if (state == "Initial" && name != "Submitted")
                {
                    continue;
                }

                rows.Append($"| {name} | {await Cell(bench, title, state, with, name, message)} |\n");
            }
        }

        var events = bench.Records.Events.ToList();
        rows.Append("\n## Recovering at the last attempt, by fallback\n\n| fallback | next | goes out |\n|---|---|---|\n");
        foreach (var fallback in Enum.GetValues<RecoveryFallback>())
        {
            await using var other = await Bench.Start(fallback);
            other.Records.Devices[Given.Device] = Given.ConnectedDevice;
            var (title, state, with) = Given.Situations([]).Single(one => one.Title == "Recovering at the last attempt");
            rows.Append($"| {fallback} | {await Cell(other, title, state, with, "Deadline Policy", Given.Events().Single(one => one.Name == "Deadline Policy").Message)} |\n");
            events.AddRange(other.Records.Events);
        }

        Assert.Multiple(() =>
        {
            Approve("tests/Sagas/Approved/matrix.md", rows.ToString());
            Approve("docs/lifecycle.md", Diagram(events));
        });
    }

    [Test]
    public void Should_have_a_decision_or_a_reason_for_each()
    {
        var machine = new ContractMachine();
        var undecided =
            from state in machine.States
            where state.Name is not ("Initial" or "Final")
            from @event in machine.Events
            where @event.Name.IndexOf('.', StringComparison.Ordinal) < 0 && Handled(machine, @event)
            where !machine.NextEvents(state).Contains(@event)
            select $"{state.Name} x {@event.Name}";
        Assert.That(undecided, Is.Empty);
    }

    /// <summary>The diagram of what was seen: each transition with the causes that led to it.</summary>
    private static string Diagram(IEnumerable<ContractEvent> events)
    {
        var edges = events.Where(entry => entry.Name == nameof(ContractStateChanged))
            .Select(entry => JsonDocument.Parse(entry.Body).RootElement)
            .Select(body => (
                From: body.TryGetProperty("from", out var from) ? from.GetString()! : "[*]",
                To: body.GetProperty("to").GetString()!,
                Cause: body.GetProperty("cause").GetString()!))
            .GroupBy(edge => (edge.From, edge.To), edge => edge.Cause)
            .OrderBy(group => group.Key)
            .Select(group => $"    {group.Key.From} --> {group.Key.To}: {string.Join(", ", group.Distinct().Order(StringComparer.Ordinal))}");
        return $"""
            # Lifecycle

            What each state means and what ends it. The diagram is written by the test that raises every event in every
            state, from the transitions it saw, with their causes; [the matrix](../tests/Sagas/Approved/matrix.md) has
            every cell.

            ```mermaid
            stateDiagram-v2
            {string.Join("\n", edges)}
                completed --> [*]
                cancelled --> [*]
                aborted --> [*]
                reassigned --> [*]
            ```

            """;
    }

    private static async Task<string> Cell(Bench bench, string title, string state, Action<ContractState> with, string name, Func<Guid, object> message)
    {
        var @event = name.Split(' ')[0];
        if (bench.Machine.Ignored.TryGetValue((state, @event), out var because))
        {
            return $"ignored | {because}";
        }

        var contractId = Guid.NewGuid();
        await bench.Records.Keep(Given.Plan(contractId, needsData: state == "Preparing" || title.EndsWith("data to fetch", StringComparison.Ordinal)), CancellationToken.None);
        await bench.Records.Keep(Given.Plan(contractId) with { Revision = 2 }, CancellationToken.None);
        var saga = Given.In(state, contractId);
        with(saga);
        if (name == "Deadline Retry" && saga.Open.Recovery is { } recovery)
        {
            saga.Open = saga.Open with { Recovery = recovery with { Decision = Given.Retry(contractId) } };
        }

        if (saga.SentRevision > 0)
        {
            await bench.Records.Grant(contractId, Given.PastGrant, CancellationToken.None);
        }

        bench.Add(saga);
        await bench.Handle(message(contractId));
        var next = bench.Find(contractId)!.CurrentState;
        var sent = bench.Sent(contractId).Where(type => type != message(contractId).GetType().Name).ToList();
        return $"{(next == state ? "-" : next)} | {(sent.Count == 0 ? "-" : string.Join(", ", sent))}";
    }

    private static bool Handled(ContractMachine machine, MassTransit.Event @event) =>
        typeof(ContractMachine).GetProperty(@event.Name) is not null && machine.States.Any(state => machine.NextEvents(state).Contains(@event));

    private static IEnumerable<string> StatesInOrder(ContractMachine machine) =>
        new[] { "Initial" }.Concat(machine.States.Select(state => state.Name).Where(name => name is not ("Initial" or "Final")));

    private static void Approve(string path, string text)
    {
        var file = Path.Combine(Root, path);
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            File.WriteAllText(file, text);
        }

        Assert.That(File.Exists(file), $"{path} is missing; an approved file is never made by itself.");
        Assert.That(text, Is.EqualTo(File.ReadAllText(file)), $"{path} differs from what the machine does.");
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ExecutionManager.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException("ExecutionManager.sln");
    }
}
