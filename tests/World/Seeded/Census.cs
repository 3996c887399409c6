using System.Collections.Concurrent;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Sagas;

namespace ExecutionManager.World.Tests;

/// <summary>What the worlds of a run did: faults by kind, and cells of the machine that were reached.</summary>
internal sealed class Census
{
    private readonly ConcurrentDictionary<string, int> faults = new();
    private readonly ConcurrentDictionary<(string State, string Event), int> cells = new();
    private readonly ConcurrentDictionary<string, int> moves = new();

    private int worlds;
    private long steps;
    private long contracts;

    /// <summary>A world came to its end without breaking a law.</summary>
    public void Lived(int itsSteps, int itsContracts)
    {
        Interlocked.Increment(ref worlds);
        Interlocked.Add(ref steps, itsSteps);
        Interlocked.Add(ref contracts, itsContracts);
    }

    public void Count(string fault) => faults.AddOrUpdate(fault, 1, (_, count) => count + 1);

    public void Reach(string state, string @event) => cells.AddOrUpdate((state, @event), 1, (_, count) => count + 1);

    public void Move(string transition) => moves.AddOrUpdate(transition, 1, (_, count) => count + 1);

    public IEnumerable<(string State, string Event)> Unreached()
    {
        var machine = new ContractMachine();
        var events = machine.Events.Where(one => one.GetType().IsGenericType).Select(one => one.GetType().GetGenericArguments()[0].Name)
            .Where(name => name != nameof(DeadlineReached))
            .Concat(Enum.GetNames<DeadlineKind>().Select(kind => $"{nameof(DeadlineReached)}.{kind}")).Order(StringComparer.Ordinal).ToList();
        return machine.States.Select(state => state.Name).Where(state => state is not ("Final" or "Initial"))
            .SelectMany(state => events.Select(one => (state, one)))
            .Where(cell => !cells.ContainsKey(cell) && Matters(cell.state, cell.one));

        // A deadline that a state never arms cannot come due in it; one that came too late is ignored by its token.
        static bool Matters(string state, string @event) =>
            @event != nameof(ContractSubmitted) || Enum.TryParse<ContractStatus>(state, out _);
    }

    public void Print(TextWriter to)
    {
        to.WriteLine($"{worlds} worlds kept every law: {steps} steps, {contracts} contracts, {moves.Values.Sum()} transitions, {faults.Values.Sum()} faults");
        to.WriteLine("Faults injected:");
        foreach (var (kind, count) in faults.OrderBy(fault => fault.Key, StringComparer.Ordinal))
            to.WriteLine($"  {count,7} {kind}");
        to.WriteLine("Transitions:");
        foreach (var (move, count) in moves.OrderBy(move => move.Key, StringComparer.Ordinal))
            to.WriteLine($"  {count,7} {move}");
        to.WriteLine("State × event that no world reached:");
        foreach (var state in Unreached().GroupBy(cell => cell.State))
            to.WriteLine($"  {state.Key}: {string.Join(", ", state.Select(cell => cell.Event))}");
    }
}
