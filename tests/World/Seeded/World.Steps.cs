using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;

namespace ExecutionManager.World.Tests;

/// <content>What the seed chooses from.</content>
internal sealed partial class World
{
    private async Task Step()
    {
        await Relay();
        MoveWills();
        var choices = Choices().Where(choice => choice.Weight > 0).ToList();
        var drawn = chance.NextDouble() * choices.Sum(choice => choice.Weight);
        foreach (var (weight, act) in choices)
        {
            drawn -= weight;
            if (drawn <= 0)
            {
                await act();
                break;
            }
        }
        await Check();
    }

    private IEnumerable<(double Weight, Func<Task> Act)> Choices()
    {
        var unkind = plan.Unkindness * 4;
        var awake = links.Where(link => !link.Device.IsSuspended).ToList();
        var connected = awake.Where(link => link.Device.IsConnected).ToList();
        var away = awake.Where(link => !link.Device.IsConnected || link.Device.WantsReconnect).ToList();
        yield return (8, () => Let(TimeSpan.FromMilliseconds(chance.Next(100, 3000))));
        yield return (unkind * 0.3, () => Let(TimeSpan.FromSeconds(chance.Next(15, 400)), "time jumps"));
        if (away.Count > 0 && !(worker is null && plan.EmbeddedBroker))
            yield return (4, () => { Connect(Any(away)); return Task.CompletedTask; });
        if (connected.Count > 0)
        {
            yield return (unkind, () => Fault("clean disconnect", () => Disconnect(Any(connected), clean: true)));
            yield return (unkind, () => Fault("connection broken", () => Disconnect(Any(connected), clean: false)));
            yield return (unkind * 0.7, () => Fault("silence", () => Any(connected).IsSilent = true));
            yield return (unkind * 0.3, () => Fault("takeover", () => Connect(Any(connected))));
        }
        if (awake.Count > 0)
            yield return (unkind * 0.4, () => Fault("suspend", () => Suspend(Any(awake))));
        if (links.FindAll(link => link.Device.IsSuspended) is { Count: > 0 } asleep)
            yield return (2, () => { Wake(Any(asleep)); return Task.CompletedTask; });
        if (awake.FindAll(link => link.IsSilent) is { Count: > 0 } silent)
            yield return (3, () => { Any(silent).IsSilent = false; return Task.CompletedTask; });
        yield return (unkind * 0.6, () => Fault("reboot", () => Reboot(Any(links), diskLost: false)));
        yield return (unkind * 0.05, () => Fault("disk lost", () => Reboot(Any(links), diskLost: true)));

        if (worker is null)
        {
            yield return (12, StartWorker);
            yield break;
        }

        yield return (3, () => Run(TimeSpan.FromSeconds(chance.Next(2, 10))));
        yield return (2, Sweep);
        if (laws.Contracts < 5 || laws.OpenContracts < plan.Contracts)
            yield return (4, SubmitSomething);
        if (laws.Contracts > 0)
            yield return (1.5, Command);
        if (worker.Network.Count > 0)
        {
            yield return (30, () => Deliver(NextRow(), ""));
            yield return (unkind * 1.5, DeliverTwice);
        }
        if (links.FindAll(link => link.Up.Count > 0 && !link.IsSilent) is { Count: > 0 } above)
        {
            yield return (16, () => Up(above, 1));
            yield return (unkind, () => Up(above, 2));
        }
        if (links.FindAll(link => link.Up.Exists(message => message.Qos == 0)) is { Count: > 0 } telling)
            yield return (unkind * 0.5, () => Fault("telemetry lost", () => Any(telling).Up.RemoveAll(message => message.Qos == 0)));
        if (links.FindAll(link => link.Down.Count > 0 && !link.IsSilent) is { Count: > 0 } below)
            yield return (14, () => Down(below));
        if (samples.Count > 0)
            yield return (4, PublishTelemetry);
        if (answers.FindIndex(answer => answer.At <= Now) is var answer and >= 0)
            yield return (8, () => Answer(answer));
        if (links.FindAll(link => link.Device.IsConnected && laws.Contracts < 6) is { Count: > 0 } holders)
            yield return (unkind * 0.6, () => Fault("contract of an earlier life", () => Haunt(Any(holders))));
        yield return (unkind * 0.3, Crash);
        yield return (unkind * 0.2, () => Fault("worker stopped", () => { }, () => StopWorker("stops")));
    }

    private Task Let(TimeSpan time, string? fault = null)
    {
        if (fault is not null)
            census.Count(fault);
        Note($"{(fault is null ? "" : fault + ", ")}{time.TotalSeconds:0.###} s pass");
        AdvanceTo(Now + time);
        return Task.CompletedTask;
    }

    private OutboxMessage NextRow()
    {
        var network = worker!.Network;
        if (chance.NextDouble() > plan.Unkindness || network.Count == 1)
            return network[0];
        census.Count("message overtaken");
        return Any(network);
    }

    /// <summary>The broker redelivers: the second time nothing may change.</summary>
    private async Task DeliverTwice()
    {
        census.Count("message redelivered");
        var row = Any(worker!.Network);
        await Deliver(row, "");
        if (row.Destination is "adapter-commands" or "neighbours" or "applications")
            return;   // others' business
        var before = await database.Fingerprint();
        await Deliver(row, "again ");
        if (await database.Fingerprint() is var after && after != before)
            throw new LawBroken("the same input twice changes nothing", $"the redelivered {row.MessageType} changed {before} to {after}");
    }

    private async Task Up(List<Link> above, int times)
    {
        var link = Any(above);
        var index = chance.NextDouble() < plan.Unkindness / 2 ? chance.Next(Math.Min(4, link.Up.Count)) : 0;
        if (index > 0)
            census.Count("device message overtaken");
        if (times > 1)
            census.Count("device message twice");
        await DeliverUp(link, index, times);
    }

    private async Task Down(List<Link> below)
    {
        var link = Any(below);
        var index = chance.NextDouble() < plan.Unkindness / 2 ? chance.Next(link.Down.Count) : 0;
        if (index > 0)
            census.Count("command overtaken");
        await DeliverDown(link, index);
    }

    private async Task SubmitSomething()
    {
        var document = submitted.Count > 0 && chance.Next(8) == 0 ? Any(submitted) : Draw();
        if (chance.Next(3) > 0)
        {
            await Submit(document);
            return;
        }
        submitted.Add(document);
        laws.Name(document.GetProperty("contractId").GetGuid());
        await Publish(TaskAssigned.From(document.Deserialize<ContractDocument>(WireJson.Options)!), "scheduler >");
    }

    private Task Command()
    {
        var contract = laws.AnyContract(chance);
        const string By = "an operator";
        return Publish(
            chance.Next(6) switch
            {
                0 or 1 => new CancelContract { ContractId = contract, Reason = "no longer wanted", RequestedBy = By },
                2 => new HoldContract { ContractId = contract, Reason = "wait", RequestedBy = By, Until = chance.Next(2) == 0 ? null : Now + TimeSpan.FromSeconds(chance.Next(5, 60)) },
                3 => new ReconcileContract { ContractId = contract, Reason = "to be sure", RequestedBy = By },
                4 when Seen(contract, By) is { } seen => seen,
                _ => new ResumeContract { ContractId = contract, Reason = "go on", RequestedBy = By },
            },
            "operator >");
    }

    /// <summary>Somebody stands beside a device that is away, and tells the truth; null if there is none.</summary>
    private Sagas.ActualsAttested? Seen(Guid contract, string by)
    {
        var held = links.Where(link => !link.Device.IsConnected).SelectMany(link => link.Device.Contracts).FirstOrDefault(held => Guid.Parse(held.ContractId) == contract);
        if (held is null)
            return null;
        var actions = new Dictionary<string, SnapshotAction>();
        foreach (var entry in held.Journal.Where(entry => entry.ActionId is not null))
        {
            actions[entry.ActionId!] = new SnapshotAction
            {
                Status = entry.Type switch { "actionFinished" => ActionStatus.Finished, "actionStarted" => ActionStatus.Running, _ => ActionStatus.Failed },
            };
        }
        return new(contract, Now, Enum.Parse<ExecutionStatus>(held.Status.ToString()), actions, null, "I stand beside it", by);
    }

    /// <summary>The process dies while it does something; what it holds in memory is gone.</summary>
    private async Task Crash()
    {
        var instant = chance.Next(2) == 0 ? Fuse.Instant.BeforeCommit : Fuse.Instant.AfterCommit;
        census.Count($"worker dies {(instant == Fuse.Instant.BeforeCommit ? "before" : "after")} a commit");
        worker!.Fuse.Armed = instant;
        var (network, above) = (worker.Network, links.FindAll(link => link.Up.Count > 0 && !link.IsSilent));
        try
        {
            if (network.Count > 0 && chance.Next(4) > 0)
                await Deliver(Any(network), "");
            else if (above.Count > 0 && chance.Next(2) == 0)
                await DeliverUp(Any(above), 0, 1);
            else if (chance.Next(2) == 0)
                await Sweep();
            else
                await Relay();
        }
        catch (Exception) when (worker.Fuse.IsBlown)
        {
            // As intended.
        }
        await StopWorker($"dies ({instant})");
    }

    /// <summary>A device holds a contract that nobody here knows; perhaps it is submitted later.</summary>
    public JsonElement Haunt(Link link)
    {
        var document = Document(NextId(), link.Name, $"T-{submitted.Count}-{link.Name}", 2, 20, TimeSpan.FromSeconds(60));
        submitted.Add(JsonSerializer.SerializeToElement(document));
        laws.Name((Guid)document["contractId"]!);
        laws.Haunted.Add((Guid)document["contractId"]!);
        (document["revision"], document["fencingToken"], document["plannedAtSeq"]) = (1, 1, 0);
        Note($"{link.Name} holds {laws.NameOf((Guid)document["contractId"]!)}, which nobody knows");
        var push = new JsonObject
        {
            ["connectionEpoch"] = link.Device.Epoch, ["contentHash"] = "sha256:earlier", ["contract"] = document,
            ["desired"] = new JsonObject { ["intent"] = "run", ["intentVersion"] = 1, ["asOf"] = 0, ["validFor"] = "PT10M" },
        };
        Take(link, link.Device.Receive($"em/v1/{link.Name}/contract", Encoding.UTF8.GetBytes(push.ToJsonString()), Now));
        return submitted[^1];
    }

    private void Suspend(Link link)
    {
        Note($"{link.Name} is suspended");
        Take(link, link.Device.Suspend(Now));
        link.IsSilent = true;
    }

    private void Wake(Link link)
    {
        Note($"{link.Name} wakes");
        link.IsSilent = false;
        Take(link, link.Device.Wake(Now));
    }

    private void Reboot(Link link, bool diskLost)
    {
        if (link.Device.IsSuspended)
            Wake(link);
        Note($"{link.Name} {(diskLost ? "loses its disk" : "reboots")}");
        var (wasConnected, will) = (link.Device.IsConnected, link.Device.Will);
        if (diskLost)
        {
            link.LoseDisk(Now);
        }
        else
        {
            link.Device.Reboot(Now);
        }
        if (wasConnected)
            Break(link, will);
    }

    private async Task Fault(string kind, Action act, Func<Task>? then = null)
    {
        census.Count(kind);
        act();
        if (then is not null)
            await then();
    }

    private T Any<T>(IReadOnlyList<T> of) => of[chance.Next(of.Count)];

    /// <summary>Nothing errs any more and everybody is there: device and EM have to agree, and to stay so.</summary>
    private async Task Settle()
    {
        Note("the world becomes kind");
        isKind = true;
        if (worker is null)
            await StartWorker();
        for (var i = 0; i < wills.Count; i++)
            wills[i] = wills[i] with { At = Now };
        foreach (var link in links)
        {
            if (link.Device.IsSuspended)
                Wake(link);
            link.IsSilent = false;
            if (!link.Device.IsConnected)
                Connect(link);
        }
        string? disagreement = null;
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromHours(1); waited += TimeSpan.FromSeconds(10))
        {
            await Run(TimeSpan.FromSeconds(10));
            var before = disagreement;
            disagreement = laws.Disagreement();
            if (before is null && disagreement is null && waited > TimeSpan.Zero)
            {
                laws.CheckEnd();
                return;
            }
        }
        throw new LawBroken("device and EM agree once connected", disagreement ?? "never for long");
    }
}
