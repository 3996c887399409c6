using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A contract is purged when all of its task have been terminal that long, and its journal is closed or its device unknown.</summary>
[TestFixture("SQLite")]
[TestFixture("PostgreSQL")]
[CancelAfter(120_000)]
public sealed class When_contracts_ended_long_ago(string database)
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    private Servers? servers;
    private ApiHost host = null!;

    [SetUp]
    public async Task Run()
    {
        servers = database == "PostgreSQL" ? await Servers.Take() : null;
        host = await ApiHost.Run(postgres: servers?.Store);
    }

    [TearDown]
    public async Task Leave()
    {
        if (host is not null)
        {
            await host.DisposeAsync();
        }

        if (servers is not null)
        {
            await servers.DisposeAsync();
        }
    }

    [Test]
    public async Task Should_purge_all_that_belongs_to_them_and_keep_the_token_of_the_task()
    {
        var document = ApiHost.Document();
        var (taskId, deviceId) = (document["task"]!["taskId"]!.GetValue<string>(), document["deviceId"]!.GetValue<string>());
        await host.Connect(deviceId);
        var id = await host.Seed(saga =>
        {
            Ended(saga, OutcomeEvidence.Device);
            saga.FencingToken = 7;
        }, document: document);
        await host.Store(async db =>
        {
            db.Add(new TaskRow { TaskId = taskId, FencingToken = 7 });
            db.Add(new JournalRow { ContractId = id, DeviceId = deviceId, Seq = 1, Json = "{}", StoredAt = ApiHost.Start });
            db.Add(new EventRow { ContractId = id, Name = "ContractEnded", Version = 1, At = ApiHost.Start, Body = "{}" });
            db.Add(new ReportRow { ReconciliationId = Guid.NewGuid(), ContractId = id, RequestedAt = ApiHost.Start, Status = "done" });
            db.Add(new SampleRow { DeviceId = deviceId, ContractId = id });
            db.Add(new SampleRow { DeviceId = deviceId, ContractId = Guid.Empty });
            db.Add(new GrantRow { ContractId = id });
            await db.SaveChangesAsync();
        });

        host.Clock.Now += Retention;
        Assert.That(await Purge(), Is.Zero, "not a moment too early");
        host.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.That(await Purge(), Is.EqualTo(1));

        Assert.That((await host.Get($"/contracts/{id}")).Problem, Is.EqualTo("404 not-found"));
        await host.Store(async db =>
        {
            Assert.That(await db.Documents.CountAsync() + await db.Journal.CountAsync() + await db.Events.CountAsync() + await db.Reports.CountAsync() + await db.Grants.CountAsync(), Is.Zero);
            Assert.That((await db.Samples.SingleAsync()).ContractId, Is.EqualTo(Guid.Empty), "what the device said about no contract");
        });
        var next = await host.Post("/contracts", ApiHost.Document(taskId, deviceId));
        Assert.That(next.Json["fencingToken"]!.GetValue<int>(), Is.EqualTo(8));
    }

    [TestCase(false, OutcomeEvidence.LeaseEnd, false, ExpectedResult = 0, TestName = "Should_keep_one_whose_device_may_still_report")]
    [TestCase(false, OutcomeEvidence.LeaseEnd, true, ExpectedResult = 1, TestName = "Should_purge_one_whose_device_is_unknown")]
    [TestCase(true, OutcomeEvidence.LeaseEnd, false, ExpectedResult = 1, TestName = "Should_purge_one_whose_journal_has_ended_since")]
    [TestCase(false, OutcomeEvidence.Device, false, ExpectedResult = 1, TestName = "Should_purge_one_that_its_device_has_no_longer")]
    public async Task<int> Should_ask_whether_the_device_has_more_to_say(bool journalEnded, OutcomeEvidence evidence, bool isDeviceUnknown)
    {
        var document = ApiHost.Document();
        if (!isDeviceUnknown)
        {
            await host.Connect(document["deviceId"]!.GetValue<string>());
        }

        await host.Seed(saga =>
        {
            Ended(saga, evidence);
            saga.Execution = Execution.None with { EndedAt = journalEnded ? ApiHost.Start : null };
        }, document: document);
        host.Clock.Now += Retention * 2;
        return await Purge();
    }

    [Test]
    public async Task Should_keep_one_that_the_Scheduler_is_still_asked_to_give_to_another_device()
    {
        var id = await host.Seed(saga =>
        {
            Ended(saga, OutcomeEvidence.Device);
            saga.Open = saga.Open with { Reassignment = new OpenReassignment([], "rule 1", 9) };
        });
        host.Clock.Now += Retention * 2;
        Assert.That(await Purge(), Is.Zero);
        await host.Store(async db =>
        {
            var saga = await db.Contracts.SingleAsync(one => one.CorrelationId == id);
            saga.Open = saga.Open with { Reassignment = null };
            await db.SaveChangesAsync();
        });
        Assert.That(await Purge(), Is.EqualTo(1), "it has a successor");
    }

    [Test]
    public async Task Should_keep_all_of_a_task_until_its_last_contract_has_been_over_that_long()
    {
        var first = await host.Seed(saga => Ended(saga, OutcomeEvidence.Device), document: ApiHost.Document("T-1"));
        host.Clock.Now += Retention;
        await host.Seed(saga => Ended(saga, OutcomeEvidence.Device), document: ApiHost.Document("T-1"));
        host.Clock.Now += Retention;
        Assert.That(await Purge(), Is.Zero);
        Assert.That((await host.Get($"/contracts/{first}")).Status, Is.EqualTo(200));
        host.Clock.Now += TimeSpan.FromSeconds(1);
        Assert.That(await Purge(), Is.EqualTo(2));
    }

    [Test]
    public async Task Should_purge_in_small_batches_while_others_come_and_stay()
    {
        const int old = 120, kept = 30;
        for (var number = 0; number < old + kept; number++)
        {
            await host.Seed(saga => Ended(saga, number % 5 == 0 ? OutcomeEvidence.LeaseEnd : OutcomeEvidence.Device), document: ApiHost.Document(deviceId: $"d-{number}"));
            if (number % 5 == 0)
            {
                await host.Connect($"d-{number}");
            }
        }

        host.Clock.Now += Retention * 2;
        var (batches, purged, mark) = (0, 0, (RetentionSweep.Mark?)null);
        do
        {
            await host.With<RetentionSweep>(async sweep =>
            {
                (var some, mark) = await sweep.RunOnce(Retention, mark, default);
                Assert.That(some, Is.LessThanOrEqualTo(50));
                purged += some;
            });
            Assert.That((await host.Post("/contracts", ApiHost.Document())).Status, Is.EqualTo(201));
        }
        while (mark is not null && ++batches < 100);

        Assert.That(purged, Is.EqualTo(old));
        await host.Store(async db => Assert.That(await db.Contracts.CountAsync(), Is.EqualTo(kept + batches + 1)));
    }

    [Test]
    public async Task Should_purge_what_is_due_alone_while_two_purge_at_once_and_contracts_come_and_end()
    {
        const int groups = 4;
        var faults = new Faults();
        host.Service<IBusControl>().ConnectReceiveObserver(faults);
        List<Old> old = [];
        for (var group = 0; group < groups; group++, host.Clock.Now += TimeSpan.FromHours(1))
        {
            // Two of a task: left alone, told to end again, waiting for their device, or succeeded, in time or while they are purged.
            foreach (var (fate, number) in Enum.GetValues<Fate>().SelectMany(fate => Enumerable.Range(0, fate == Fate.Alone ? 12 : 4).Select(number => (fate, number))))
            {
                var (taskId, deviceId) = ($"T-{group}-{fate}-{number / 2}", $"d-{group}-{fate}-{number}");
                if (fate == Fate.StillAwaited)
                {
                    await host.Connect(deviceId);
                }

                var id = await host.Seed(
                    saga => Ended(saga, fate == Fate.StillAwaited ? OutcomeEvidence.LeaseEnd : OutcomeEvidence.Device), document: ApiHost.Document(taskId, deviceId));
                old.Add(new Old(id, taskId, group, fate));
            }
        }

        await host.Store(async db =>
        {
            db.AddRange(old.Select(one => one.TaskId).Distinct().Select(taskId => new TaskRow { TaskId = taskId, FencingToken = 1 }));
            await db.SaveChangesAsync();
        });
        var (purged, young) = (0, new List<string>());
        await Succeed(old.Where(one => one is { Group: 0, Fate: Fate.SucceededInTime }));
        for (var group = 0; group < groups; group++)
        {
            host.Clock.Now = ApiHost.Start + TimeSpan.FromHours(group) + Retention + TimeSpan.FromSeconds(1);
            var traffic = Task.WhenAll(
                Succeed(old.Where(one => one.Group == group + 1 && one.Fate == Fate.SucceededInTime)),
                Succeed(old.Where(one => one.Group == group && one.Fate == Fate.SucceededMeanwhile)),
                Command(old.Where(one => one.Group == group && one.Fate == Fate.Commanded)),
                ComeAndEnd(10));
            bool isQuiet;
            do
            {
                isQuiet = traffic.IsCompleted;
                purged += (await Task.WhenAll(PurgeAll(), PurgeAll())).Sum();
            }
            while (!isQuiet);
            await traffic;

            await host.Store(async db =>
            {
                var early = old.Where(one => one.Group > group).Select(one => one.Id).ToList();
                Assert.That(await db.Contracts.CountAsync(saga => early.Contains(saga.CorrelationId)), Is.EqualTo(early.Count), "not a moment too early");
            });
        }

        await host.Store(async db =>
        {
            while (faults.Seen.IsEmpty && await db.Set<OutboxMessage>().AnyAsync(message => message.Destination != "" && message.SchedulingToken == null))
            {
                TestContext.CurrentContext.CancellationToken.ThrowIfCancellationRequested();
            }

            Assert.That(faults.Seen, Is.Empty);
            var left = await db.Contracts.Select(saga => saga.CorrelationId).ToListAsync();
            var gone = old.Where(one => !left.Contains(one.Id)).ToList();
            using (Assert.EnterMultipleScope())
            {
                Assert.That(gone.Where(one => one.Fate is Fate.StillAwaited or Fate.SucceededInTime), Is.Empty, "what must stay");
                Assert.That(old.Except(gone).Where(one => one.Fate is Fate.Alone or Fate.Commanded), Is.Empty, "what is due");
                Assert.That(young.Where(one => !left.Contains(Guid.Parse(one))), Is.Empty, "what came meanwhile");
                Assert.That(purged, Is.EqualTo(gone.Count), "each is counted by the one that purged it");
                Assert.That(await db.Contracts.CountAsync(saga => !db.Documents.Any(row => row.ContractId == saga.CorrelationId)), Is.Zero, "contracts without a document");
                Assert.That(await db.Documents.CountAsync(row => !db.Contracts.Any(saga => saga.CorrelationId == row.ContractId)), Is.Zero, "documents without a contract");
                Assert.That(await db.Events.CountAsync(row => !db.Contracts.Any(saga => saga.CorrelationId == row.ContractId)), Is.Zero, "history without a contract");
            }
        });

        async Task Succeed(IEnumerable<Old> those)
        {
            foreach (var taskId in those.Select(one => one.TaskId).Distinct())
            {
                await Submit(taskId);
            }
        }

        async Task Command(IEnumerable<Old> those)
        {
            foreach (var one in those)
            {
                await host.With<IServiceProvider>(async scope =>
                {
                    await scope.GetRequiredService<IPublishEndpoint>().Publish(new CancelContract { ContractId = one.Id, Reason = "to be sure", RequestedBy = "test" });
                    await scope.GetRequiredService<StoreContext>().SaveChangesAsync();
                });
            }
        }

        async Task ComeAndEnd(int count)
        {
            for (var number = 0; number < count; number++)
            {
                var id = await Submit(null);
                Assert.That((await host.Post($"/contracts/{id}/cancel", new JsonObject { ["reason"] = "no longer needed" })).Status, Is.EqualTo(202));
                await host.Until($"/contracts/{id}", contract => contract["status"]!.GetValue<string>() == "cancelled");
            }
        }

        async Task<string> Submit(string? taskId)
        {
            var submitted = await host.Post("/contracts", ApiHost.Document(taskId));
            Assert.That(submitted.Status, Is.EqualTo(201), submitted.Text);
            var id = submitted.Json["contractId"]!.GetValue<string>();
            lock (young)
            {
                young.Add(id);
            }

            return id;
        }
    }

    [Test]
    public async Task Should_forget_messages_in_small_batches_too()
    {
        await host.Store(async db =>
        {
            for (var number = 0; number < 2_500; number++)
            {
                db.Add(new InboxMessage { MessageId = Guid.NewGuid(), ConsumerId = Guid.NewGuid(), ReceivedAt = ApiHost.Start.UtcDateTime.AddMilliseconds(number) });
            }

            await db.SaveChangesAsync();
        });
        Assert.That(await Forget(), Is.Zero);
        host.Clock.Now += TimeSpan.FromDays(7) + TimeSpan.FromMilliseconds(2_400);
        Assert.That(new[] { await Forget(), await Forget(), await Forget(), await Forget() }, Is.EqualTo(new[] { 1_000, 1_000, 400, 0 }));
    }

    private static void Ended(ContractState saga, OutcomeEvidence evidence)
    {
        (saga.CurrentState, saga.SentRevision) = ("Cancelled", 1);
        saga.Outcome = new ContractOutcome(ContractStatus.Cancelled, saga.ChangedAt, evidence, null);
    }

    private async Task<int> Purge()
    {
        var purged = 0;
        await host.With<RetentionSweep>(async sweep => (purged, _) = await sweep.RunOnce(Retention, null, default));
        return purged;
    }

    private async Task<int> PurgeAll()
    {
        var (purged, mark) = (0, (RetentionSweep.Mark?)null);
        do
        {
            await host.With<RetentionSweep>(async sweep =>
            {
                (var some, mark) = await sweep.RunOnce(Retention, mark, default);
                purged += some;
            });
        }
        while (mark is not null);
        return purged;
    }

    private async Task<int> Forget()
    {
        var forgotten = 0;
        await host.With<Relay>(async relay => forgotten = await relay.Purge());
        return forgotten;
    }

    private enum Fate
    {
        Alone,
        Commanded,
        StillAwaited,
        SucceededInTime,
        SucceededMeanwhile,
    }

    private sealed record Old(Guid Id, string TaskId, int Group, Fate Fate);

    /// <summary>What no consumer could take.</summary>
    private sealed class Faults : IReceiveObserver
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) where T : class => Note(typeof(T).Name, exception);

        public Task ReceiveFault(ReceiveContext context, Exception exception) => Note(context.InputAddress.ToString(), exception);

        private Task Note(string what, Exception exception)
        {
            Seen.Enqueue($"{what}: {exception.Message}");
            return Task.CompletedTask;
        }
    }
}
