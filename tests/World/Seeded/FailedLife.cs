using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;
using static ExecutionManager.Contracts.Messages.FailureKind;
using static ExecutionManager.Contracts.Messages.RecoveryStrategy;

namespace ExecutionManager.World.Tests;

/// <summary>A world in which one contract fails in one way on <c>d1</c>, with another device beside it; the test decides.</summary>
internal sealed class FailedLife : IAsyncDisposable
{
    public static readonly Guid Contract = Guid.Parse("0198f0c2-7c1e-7d3a-9a55-000000000001");

    private readonly FailureKind kind;
    private bool isMended;

    private FailedLife(FailureKind kind) => this.kind = kind;

    public World World { get; private set; } = null!;

    public string Story => World.Story(new LawBroken(kind.ToString(), "is not as expected"));

    public Link Link => World.LinkOf("d1");

    /// <summary>The contract on the device, open or closed; null if it never got it.</summary>
    public ContractView? Held => Link.Device.Contracts.Concat(Link.Device.Closed).SingleOrDefault(held => Guid.Parse(held.ContractId) == Contract);

    public string[] Finished => [.. Held?.Journal.Where(entry => entry.Type == "actionFinished").Select(entry => entry.ActionId!) ?? []];

    public RecoveryRequested Asked => Said<RecoveryRequested>()[^1];

    /// <summary>So many that some are left when it is decided.</summary>
    public static int ActionsOf(FailureKind kind) => kind is ReconciliationTimeout or FailureKind.ReplanFailed ? 5 : 3;

    public static async Task<FailedLife> Of(FailureKind kind)
    {
        var life = new FailedLife(kind);
        life.World = await World.Create(
            new WorldPlan(1)
            {
                Devices = 2, IsScripted = true, Answer = life.Answer,
                Script = new DeviceScript { OnAction = life.Behave, OnPush = life.Receive },
            },
            new Census());
        life.World.Connect(life.World.LinkOf("d2"));
        await life.Cause();
        return life;
    }

    /// <summary>What was said about this contract, oldest first.</summary>
    public T[] Said<T>() => [.. World.Said.OfType<T>().Where(message => (Guid)message!.GetType().GetProperty(nameof(Contract) + "Id")!.GetValue(message)! == Contract)];

    /// <summary>What was wrong is mended, and the Policy Service decides.</summary>
    public async Task Decide(RecoveryStrategy strategy, DateTimeOffset? until = null)
    {
        isMended = true;
        await World.Publish(
            new RecoveryDecided { ContractId = Contract, RecoveryId = Asked.RecoveryId, Strategy = strategy, MayRepeat = true, Until = until, Reason = "rule 1" }, "policy >");
        await World.Run(TimeSpan.Zero);
    }

    /// <summary>What the device has to say comes through again.</summary>
    public void Return()
    {
        (Link.Loses, Link.IsSilent) = (_ => false, false);
        if (!Link.Device.IsConnected)
            World.Connect(Link);
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    private async Task Cause()
    {
        var document = World.Document(Contract, "d1", "T-1", ActionsOf(kind), 20, TimeSpan.FromSeconds(60));
        if (kind == DataUnavailable)
            document["dataRequests"] = new JsonArray(new JsonObject { ["name"] = "zones", ["source"] = "equator", ["query"] = new JsonObject() });
        if (kind == WindowMissed)
            document["scope"]!["notAfter"] = (World.Now + TimeSpan.FromSeconds(40)).UtcDateTime;
        if (kind != DeviceUnreachable)
            World.Connect(Link);
        await World.Run(TimeSpan.FromSeconds(1));
        await World.Submit(JsonSerializer.SerializeToElement(document));
        await World.Run(TimeSpan.FromSeconds(kind is ReconciliationTimeout or HoldTooLong ? 45 : 5));
        switch (kind)
        {
            case WindowMissed or OfflineTooLong or ReconciliationTimeout or FailureKind.ReplanFailed:
                World.Disconnect(Link, clean: false);
                await World.Run(TimeSpan.FromSeconds(10));
                break;
            case HoldTooLong:
                await World.Publish(new HoldContract { ContractId = Contract, Reason = "wait", RequestedBy = "an operator" }, "operator >");
                break;
        }
        if (kind == ReconciliationTimeout)
            Link.Loses = message => message.Topic.EndsWith("/journal", StringComparison.Ordinal);
        if (kind is ReconciliationTimeout or FailureKind.ReplanFailed)
            World.Connect(Link);
        for (var waited = 0; waited < 140 && Said<RecoveryRequested>().Length == 0; waited++)
            await World.Run(TimeSpan.FromSeconds(5));
        Assert.That(Said<RecoveryRequested>(), Has.Length.EqualTo(1), Story);
    }

    private object? Answer(object request) => request switch
    {
        SpatialDataRequested data when isMended => World.Provided(data),
        ReplanRequested replan when kind != FailureKind.ReplanFailed || isMended => new PlanKept { ContractId = replan.ContractId, ReplanId = replan.ReplanId },
        _ => null,
    };

    private PushAnswer Receive(PushContext push) =>
        isMended ? PushAnswer.Accept
        : kind == ContractRejected ? PushAnswer.Refuse("other")
        : kind == AcceptTimeout ? PushAnswer.Silence
        : PushAnswer.Accept;

    private ActionBehaviour Behave(ActionContext action) => isMended ? ActionBehaviour.AsPlanned : (action.ActionId, kind) switch
    {
        ("a2", Stalled) => new ActionBehaviour { PauseFor = TimeSpan.FromMinutes(3) },
        ("a2", ActionFailed) => new ActionBehaviour { FailWith = "blocked" },
        ("a2", ActionTimeout) => new ActionBehaviour { Fraction = 2.9 },   // 78 s of at most 40, and 30 are tolerated
        ("a2", DeviceFault) => new ActionBehaviour { FaultWith = "motor" },
        ("a2", ScopeViolated) => new ActionBehaviour { Violate = "area" },
        ("a1", FailureKind.ReplanFailed) => new ActionBehaviour { Skip = true },
        _ => ActionBehaviour.AsPlanned,
    };
}
