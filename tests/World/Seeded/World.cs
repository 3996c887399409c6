using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Simulation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;

namespace ExecutionManager.World.Tests;

/// <summary>
/// A whole world on one thread: worker, devices, network, neighbours and time. The seed chooses what happens next; the
/// laws are checked after every step. The same plan lives the same life again.
/// </summary>
internal sealed partial class World : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(8);

    private readonly WorldPlan plan;
    private readonly Census census;
    private readonly Random chance;
    private readonly Random ids;
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero));
    private readonly Database database = new();
    private readonly List<Link> links = [];
    private readonly Dictionary<string, TelemetrySample> samples = [];
    private readonly List<(DateTimeOffset At, object Message)> answers = [];
    private readonly List<(DateTimeOffset At, Link Link, DeviceMessage Will)> wills = [];
    private readonly List<JsonElement> submitted = [];
    private readonly List<string> trace = [];
    private readonly Laws laws;
    private Worker? worker;
    private DateTimeOffset sweptAt;
    private bool isKind;
    private int steps;

    private World(WorldPlan plan, Census census)
    {
        this.plan = plan;
        this.census = census;
        (chance, ids) = (new Random(plan.Seed), new Random(plan.Seed + 1));
        laws = new Laws(database, links) { IsLawless = plan.IsLawless };
        sweptAt = clock.GetUtcNow();
        isKind = plan.IsScripted;
        for (var i = 0; i < plan.Devices; i++)
        {
            var profile = new DeviceProfile
            {
                DeviceId = $"d{i + 1}",
                Seed = plan.Seed * 31 + i,
                ReportInterval = TimeSpan.FromSeconds(chance.Next(8, 16)),
                KeepsJournal = !(plan.HasSnapshotDevice && i == 0),
                EnforcesLease = !(plan.HasDeviceWithoutLease && i == 1),
                ClockSkew = TimeSpan.FromSeconds(chance.Next(-30, 31)),
                UptimeDrift = (chance.NextDouble() - 0.5) * 0.03,
                Script = plan.IsScripted ? plan.Script : Script(plan.Seed * 17 + i),
            };
            links.Add(new Link(profile.DeviceId, new SimulatedDevice(profile, Now), profile));
        }
    }

    public IReadOnlyList<string> Trace => trace;

    /// <summary>What was said to neighbours and applications.</summary>
    public List<object> Said { get; } = [];

    public ContractState Row(Guid contract) => laws[contract]!;

    /// <summary>The states a contract went through.</summary>
    public string States(Guid contract) => laws.StatesOf(contract);

    /// <summary>The names of what those who follow its events are told.</summary>
    public Task<List<string>> Events(Guid contract) =>
        database.Context.Events.AsNoTracking().Where(row => row.ContractId == contract).OrderBy(row => row.Sequence).Select(row => row.Name).ToListAsync();

    public DateTimeOffset Now => clock.GetUtcNow();

    public string TraceHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', trace))));

    /// <summary>Starts a world that does nothing by itself.</summary>
    public static async Task<World> Create(WorldPlan plan, Census census)
    {
        var world = new World(plan, census);
        await world.StartWorker();
        return world;
    }

    /// <summary>One whole life: the seed's steps, then nothing is faulty any more and all has to come to an agreement.</summary>
    /// <returns>The hash of all that happened.</returns>
    public static async Task<string> Live(WorldPlan plan, Census census)
    {
        await using var world = await Create(plan, census);
        try
        {
            while (world.steps < plan.Steps)
                await world.Step();
            await world.Settle();
            census.Lived(world.steps, world.laws.Contracts);
            return world.TraceHash;
        }
        catch (Exception e)
        {
            throw new AssertionException(world.Story(e), e);
        }
    }

    public string Story(Exception e) =>
        $"""
        Seed {plan.Seed}: {(e is LawBroken ? e.Message : e.ToString())}
        {(e is LawBroken ? e.InnerException : null)}
        Again: ./test.sh --worlds 1 --seed {plan.Seed}
        The last steps:
        {string.Join('\n', trace.TakeLast(int.TryParse(Environment.GetEnvironmentVariable("WORLD_TRACE"), out var lines) ? lines : 40))}
        {laws.Describe()}
        """;

    public async ValueTask DisposeAsync()
    {
        if (worker is not null)
            await worker.DisposeAsync();
        await database.DisposeAsync();
    }

    public Link LinkOf(string deviceId) => links.Single(link => link.Name == deviceId);

    /// <summary>Everything in order, nothing lost, until the time is over.</summary>
    public async Task Run(TimeSpan duration)
    {
        var end = Now + duration;
        while (true)
        {
            await Drain();
            if (Now >= end)
                return;
            var next = new[] { end, sweptAt + SweepInterval }
                .Concat(links.Where(link => link.Device.NextAt is not null).Select(link => link.Device.NextAt!.Value))
                .Concat(answers.Select(answer => answer.At)).Concat(wills.Select(will => will.At));
            if (await database.NextDue() is { } due)
                next = next.Append(due);
            AdvanceTo(next.Min());
            if (worker is not null && Now >= sweptAt + SweepInterval)
                await Sweep();
        }
    }

    /// <summary>The workers are down for so long.</summary>
    public async Task Restart(TimeSpan after)
    {
        await StopWorker("stops");
        await Let(after);
        await StartWorker();
    }

    public async Task Submit(JsonElement document)
    {
        var contract = document.GetProperty("contractId").GetGuid();
        laws.Name(contract);
        submitted.Add(document);
        database.Written();
        var submission = await worker!.Submit(document);
        Note($"submit {laws.NameOf(contract)} on {document.GetProperty("deviceId")} for {document.GetProperty("task").GetProperty("taskId")}: {submission.GetType().Name}");
        await Check();
    }

    /// <summary>Publishes in a device's name what the simulated one would not.</summary>
    public async Task Say(Link link, string topic, object body)
    {
        link.Up.Add(new DeviceMessage($"em/v1/{link.Name}/{topic}", JsonSerializer.SerializeToUtf8Bytes(body, WireJson.Options), Retain: false, Qos: 1));
        await DeliverAllUp();
    }

    public async Task Publish(object message, string how)
    {
        Note($"{how} {Describe(message)}");
        database.Written();
        await worker!.Publish([message]);
    }

    public void Connect(Link link)
    {
        if (link.Device.IsConnected)
            Disconnect(link, clean: false);
        if (plan.EmbeddedBroker && worker is null)
            return;
        link.IsSilent = false;
        Note($"{link.Name} connects, epoch {link.Device.Epoch + 1}");
        Take(link, link.Device.Connect(Now));
    }

    public void Disconnect(Link link, bool clean)
    {
        Note($"{link.Name} {(clean ? "disconnects" : "is cut off")}");
        var will = link.Device.Will;
        var said = link.Device.Disconnect(Now, clean);
        link.Down.Clear();
        if (clean && worker is not null)
            link.Publish(said);
        else
            Break(link, will);
    }

    /// <summary>What the device believed to have sent is lost from somewhere on; the broker tells in its own time.</summary>
    private void Break(Link link, DeviceMessage will)
    {
        var arrived = isKind ? link.Up.Count : chance.Next(link.Up.Count + 1);
        link.Up.RemoveRange(arrived, link.Up.Count - arrived);
        link.Down.Clear();
        if (worker is null && plan.EmbeddedBroker)
            return;
        var times = isKind || chance.NextDouble() > plan.Unkindness ? 1 : 2;
        for (var i = 0; i < times; i++)
        {
            var isLate = !isKind && chance.NextDouble() < plan.Unkindness;
            if (isLate || times > 1)
                census.Count(isLate ? "will late" : "will twice");
            wills.Add((Now + TimeSpan.FromSeconds(isLate ? chance.Next(1, 60) : 0), link, will));
        }
    }

    private void Take(Link link, IReadOnlyList<DeviceMessage> messages)
    {
        if (worker is not null)
            link.Publish(messages);
        else if (messages.LastOrDefault(message => message.Retain) is { } retained)
            link.Retained = retained;   // nobody subscribes: all else vanishes
    }

    private void AdvanceTo(DateTimeOffset target)
    {
        while (links.Where(link => link.Device.NextAt <= target).MinBy(link => link.Device.NextAt) is { } link)
        {
            if (link.Device.NextAt > Now)
                clock.SetUtcNow(link.Device.NextAt.Value);
            Take(link, link.Device.Advance(Now));
        }
        if (target > Now)
            clock.SetUtcNow(target);
    }

    private async Task Relay()
    {
        if (worker is not null)
            worker.Network.AddRange(await database.TakeDue(Now));
    }

    /// <summary>Delivers all there is, in order, until nothing more follows from it.</summary>
    private async Task Drain()
    {
        for (var rounds = 0; worker is not null; rounds++)
        {
            if (rounds > 3000)
                throw new LawBroken("the world comes to rest", "messages follow from messages without end");
            if (worker.Network.Count == 0)
                await Relay();
            if (worker.Network.Count > 0)
            {
                await Deliver(worker.Network[0], "");
                continue;
            }
            MoveWills();
            if (links.Find(link => link.Down.Count > 0 && !link.IsSilent) is { } below)
                await DeliverDown(below, 0);
            else if (links.Exists(link => link.Up.Count > 0 && !link.IsSilent))
                await DeliverAllUp();
            else if (samples.Count > 0)
                await PublishTelemetry();
            else if (answers.FindIndex(answer => answer.At <= Now) is var answer and >= 0)
                await Answer(answer);
            else if (isKind && links.Find(link => link.Device.WantsReconnect) is { } outdated)
                Connect(outdated);
            else
                return;
        }
    }

    private void MoveWills()
    {
        foreach (var due in wills.Where(will => will.At <= Now).ToList())
        {
            wills.Remove(due);
            if (worker is not null)
                due.Link.Up.Add(due.Will);
            else
                due.Link.Retained = due.Will;
        }
    }

    private async Task Deliver(OutboxMessage row, string how)
    {
        var message = JsonDocument.Parse(row.Body).RootElement.GetProperty("message");
        var type = row.MessageType.Split(';')[0].Split(':')[^1];
        worker!.Network.Remove(row);
        Note($"{how}{row.Destination} < {Describe(type, message)}");
        if (row.Destination is "adapter-commands" or "neighbours" or "applications")
        {
            HandOver(type, message, row.EnqueuedAt);
            await database.Consumed(row);
            return;
        }
        var state = row.Destination == "contract" ? laws.StateOf(message.GetProperty("contractId").GetGuid()) : null;
        try
        {
            database.Written();
            await worker.Deliver(row);
        }
        catch (Exception e) when (!worker.Fuse.IsBlown)
        {
            throw new LawBroken("no handler fails", $"{type} at {row.Destination}", e);
        }
        if (state is not null)
            census.Reach(state, type == nameof(DeadlineReached) ? $"{type}.{message.GetProperty("kind").GetString()}" : type);
        if (!worker.Fuse.IsBlown)
            await Check();
    }

    /// <summary>What left the worker reaches the adapter, a neighbour or an application.</summary>
    private void HandOver(string type, JsonElement body, DateTimeOffset sentAt)
    {
        var message = body.Deserialize(typeof(PushContract).Assembly.GetType($"{typeof(PushContract).Namespace}.{type}")!, WireJson.Options)!;
        laws.Observe(message);
        Said.Add(message);
        if (message is SpatialDataRequested or RecoveryRequested or ReplanRequested or ReassignmentRequested or EscalationRaised)
            Hear(message);
        else if (message is not (ContractStateChanged or ContractEnded or LateEvidenceFound or DuplicateExecution))
            Carry(message, sentAt);
    }

    private async Task DeliverUp(Link link, int index, int times)
    {
        var message = link.Up[index];
        link.Up.RemoveAt(index);
        try
        {
            await Publish([.. Enumerable.Repeat(message, times).SelectMany(one => Read(link, one, retained: false))]);
        }
        catch (Exception) when (worker!.Fuse.IsBlown)
        {
            // It was on its way to the bus when the process died.
        }
    }

    private async Task DeliverAllUp()
    {
        var arrived = new List<object>();
        foreach (var link in links.Where(link => !link.IsSilent))
        {
            arrived.AddRange(link.Up.SelectMany(message => Read(link, message, retained: false)));
            link.Up.Clear();
        }
        await Publish(arrived);
    }

    private Task Publish(IReadOnlyCollection<object> messages)
    {
        database.Written();
        return messages.Count == 0 ? Task.CompletedTask : worker!.Publish(messages);
    }

    /// <summary>What the adapter makes of it; telemetry waits for more of it.</summary>
    private IEnumerable<object> Read(Link link, DeviceMessage message, bool retained)
    {
        if (message.Retain)
            link.Retained = message;
        var reading = Upward.Read(message.Topic, message.Payload, retained, Now);
        if (reading.IsRejected)
            throw new LawBroken("a conforming device is understood", $"{message}: {reading.Rejection}");
        if (reading.Message is TelemetryReported { Samples: [var sample] })
        {
            samples[$"{sample.DeviceId}/{sample.ContractId}"] = sample;
            yield break;
        }
        Note($"{link.Name} >{(retained ? " retained" : "")} {Describe(reading.Message)}");
        yield return reading.Message;
    }

    private async Task PublishTelemetry()
    {
        var batch = new TelemetryReported { Samples = [.. samples.Values] };
        samples.Clear();
        Note($"telemetry < {string.Join(' ', batch.Samples.Select(sample => sample.DeviceId))}");
        try
        {
            database.Written();
            await worker!.Deliver(batch);
        }
        catch (Exception e) when (!worker!.Fuse.IsBlown)
        {
            throw new LawBroken("no handler fails", "telemetry", e);
        }
        await Check();
    }

    private async Task DeliverDown(Link link, int index)
    {
        var message = link.Down[index];
        link.Down.RemoveAt(index);
        if (!link.Device.IsConnected)
            return;
        Note($"{link.Name} < {message.Topic[(message.Topic.IndexOf(link.Name, StringComparison.Ordinal) + link.Name.Length + 1)..]}");
        Take(link, link.Device.Receive(message.Topic, message.Payload, Now));
        if (!isKind && message.Topic.EndsWith("/contract", StringComparison.Ordinal) && chance.NextDouble() < plan.Unkindness)
        {
            census.Count("push in doubt");
            link.Up.Clear();
            Disconnect(link, clean: false);
        }
        await Check();
    }

    private void Carry(object command, DateTimeOffset sentAt)
    {
        if (Now - sentAt > plan.Settings.Command)
            return;   // what is desired is repeated anyway
        var message = Downward.Write(command);
        if (LinkOf(message.DeviceId) is { Device.IsConnected: true } link)
            link.Down.Add(message);
    }

    private async Task Answer(int index)
    {
        var (_, message) = answers[index];
        answers.RemoveAt(index);
        await Publish(message, "neighbour >");
    }

    private async Task Sweep()
    {
        sweptAt = Now;
        try
        {
            database.Written();
            await worker!.Sweep();
        }
        catch (Exception e) when (!worker!.Fuse.IsBlown)
        {
            throw new LawBroken("no sweep fails", "RunOnce threw", e);
        }
        if (!worker.Fuse.IsBlown)
            await Check();
    }

    private async Task StartWorker()
    {
        Note("the worker starts");
        database.Written();
        worker = await Worker.Start(database, clock, plan.Settings, NextId, plan.Weaken);
        await Publish([.. links.Where(link => link.Retained is not null).SelectMany(link => Read(link, link.Retained!, retained: true))]);
        await Check();
    }

    private async Task StopWorker(string how)
    {
        Note($"the worker {how}");
        await worker!.DisposeAsync();
        worker = null;
        samples.Clear();
        foreach (var link in links)
        {
            // A clean session: what the adapter had not acknowledged is not sent to it again.
            var lost = chance.Next(link.Up.Count + 1);
            foreach (var message in link.Up.Where(message => message.Retain))
                link.Retained = message;
            link.Up.RemoveRange(0, lost);
            if (plan.EmbeddedBroker)
            {
                link.Retained = null;
                if (link.Device.IsConnected)
                    Disconnect(link, clean: false);
                link.Up.Clear();
                wills.RemoveAll(will => will.Link == link);
            }
        }
    }

    private Guid NextId()
    {
        var bytes = new byte[16];
        ids.NextBytes(bytes);
        return new Guid(bytes);
    }

    private async Task Check()
    {
        await laws.Check();
        foreach (var (contract, move, detail) in laws.TakeNews())
        {
            trace.Add($"{"",18} {contract} {move} {detail}");
            census.Move(move);
        }
    }

    /// <summary>One thing happens: a message arrives, somebody acts, time passes.</summary>
    private void Note(string what) => trace.Add($"{++steps,5} {Now:HH:mm:ss.fff} {what}");

    private string Describe(object message) => Describe(message.GetType().Name, JsonSerializer.SerializeToElement(message, message.GetType(), WireJson.Options));

    /// <summary>The words of a message that tell what it is about; ids that no one chose are left out.</summary>
    private string Describe(string type, JsonElement message)
    {
        var words = new StringBuilder(type);
        foreach (var field in message.EnumerateObject())
        {
            switch (field.Name)
            {
                case "contractId":
                    words.Append(' ').Append(laws.NameOf(field.Value.GetGuid()));
                    break;
                case "deviceId" or "revision" or "accepted" or "reasonCode" or "intent" or "intentVersion" or "result" or "tail" or "throughSeq" or "closed" or "fromSeq"
                    or "kind" or "strategy" or "mayRepeat" or "from" or "to" or "cause" or "version" or "connected" or "birth" or "change" or "reason" or "attempt" or "connectionEpoch" or "at"
                    when field.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object):
                    words.Append($" {field.Name}={field.Value}");
                    break;
                case "entries":
                    words.Append($" [{string.Join(' ', field.Value.EnumerateArray().Select(entry => $"{entry.GetProperty("seq")}:{entry.GetProperty("type")}"))}]");
                    break;
                case "snapshot" when field.Value.ValueKind == JsonValueKind.Object:
                    words.Append($" snapshot={field.Value.GetProperty("status")}");
                    break;
                case "failure" when field.Value.ValueKind == JsonValueKind.Object:
                    words.Append($" failure={field.Value.GetProperty("kind")}");
                    break;
                case "listing" when field.Value.ValueKind == JsonValueKind.Object:
                    words.Append($" listed=r{field.Value.GetProperty("revision")},tail{field.Value.GetProperty("tail")}");
                    break;
            }
        }
        return words.ToString();
    }
}
