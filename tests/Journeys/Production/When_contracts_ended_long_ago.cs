using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A contract is purged when all of its task have been terminal that long, and its journal is closed or its device unknown.</summary>
[TestFixture("SQLite")]
[TestFixture("PostgreSQL")]
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

    private async Task<int> Forget()
    {
        var forgotten = 0;
        await host.With<Relay>(async relay => forgotten = await relay.Purge());
        return forgotten;
    }
}
