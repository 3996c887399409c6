using System.Data.Common;
using System.Text;
using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Durability;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A request without a receiver stays parked until one appears or it closes; a repeat takes the place of the former.</summary>
[TestFixture, CancelAfter(10_000)]
public class When_requests_find_no_receiver
{
    private readonly Looks looks = new();
    private ApiHost host = null!;

    [SetUp]
    public async Task Run() => host = await ApiHost.Run(compose: services => services.ConfigureDbContext<SqliteStoreContext>(db => db.AddInterceptors(looks)));

    [TearDown]
    public async Task End() => await host.DisposeAsync();

    [Test]
    public async Task Should_keep_the_newest_of_each_request_that_is_open()
    {
        var (escalation, recovery) = (Guid.NewGuid(), Guid.NewGuid());
        var contract = await host.Seed(saga => saga.Open = saga.Open with
        {
            Escalation = new OpenEscalation(escalation, null), Recovery = new OpenRecovery(recovery, null!, 1, null, false, null, []),
        });
        await Park<EscalationRaised>(contract, "escalationId", Guid.NewGuid());
        await Park<EscalationRaised>(contract, "escalationId", escalation);
        await Park<RecoveryRequested>(contract, "recoveryId", recovery);
        await Park<EscalationRaised>(contract, "escalationId", escalation);
        var kept = await Park<EscalationRaised>(contract, "escalationId", escalation);
        var other = await Park<TaskRejected>(contract, "taskId", Guid.NewGuid());

        var dropped = 0;
        await host.With<ParkedSweep>(async sweep => dropped = await sweep.RunOnce(default));

        var parked = (await host.Get("/messages/parked")).Json["items"]!.AsArray().Select(item => (item!["messageId"]!.GetValue<Guid>(), item["type"]!.GetValue<string>())).ToList();
        Assert.That(dropped, Is.EqualTo(3));
        Assert.That(parked.Select(item => item.Item2), Is.EqualTo(new[] { nameof(RecoveryRequested), nameof(EscalationRaised), nameof(TaskRejected) }));
        Assert.That(parked.Select(item => item.Item1).Skip(1), Is.EqualTo(new[] { kept, other }));
        StoreGauges gauges = null!;
        await host.Store(async db => gauges = await StoreGauges.Read(db, true, ApiHost.Start, default));
        Assert.That((gauges.Parked, gauges.ParkedEscalations), Is.EqualTo((3, 1)), "an escalation is seen without a receiver, too");
    }

    [Test]
    public async Task Should_look_at_the_contracts_of_many_requests_at_once()
    {
        for (var i = 0; i < 20; i++)
        {
            var escalation = Guid.NewGuid();
            var contract = await host.Seed(saga => saga.Open = saga.Open with { Escalation = new OpenEscalation(escalation, null) });
            await Park<EscalationRaised>(contract, "escalationId", escalation);
        }

        looks.AtContracts = 0;
        await host.With<ParkedSweep>(async sweep => Assert.That(await sweep.RunOnce(default), Is.Zero));
        Assert.That(looks.AtContracts, Is.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("""{"message":"none"}""")]
    [TestCase("""{"message":{"contractId":1,"escalationId":2}}""")]
    [TestCase("""{"message":{"contractId":"c","escalationId":"e"}}""")]
    public async Task Should_pass_over_what_cannot_be_read(string body)
    {
        var contract = await host.Seed(_ => { });
        var unread = await Park<EscalationRaised>(contract, "escalationId", Guid.NewGuid(), body);
        await Park<EscalationRaised>(contract, "escalationId", Guid.NewGuid());

        await host.With<ParkedSweep>(async sweep => Assert.That(await sweep.RunOnce(default), Is.EqualTo(1), "the closed one behind it"));
        await host.With<ParkedMessages>(async parked => Assert.That((await parked.List(10)).Single().MessageId, Is.EqualTo(unread)));
    }

    private async Task<Guid> Park<T>(Guid contract, string idName, Guid id, string? body = null) where T : class
    {
        var message = Guid.NewGuid();
        await host.Store(async db =>
        {
            db.Add(new OutboxMessage
            {
                MessageId = message, MessageType = MessageUrn.ForTypeString<T>(), CorrelationId = contract, LastError = "No endpoint consumes this message.",
                EnqueuedAt = ApiHost.Start.UtcDateTime, ParkedAt = ApiHost.Start.UtcDateTime,
                Body = Encoding.UTF8.GetBytes(body ?? new JsonObject { ["message"] = new JsonObject { ["contractId"] = contract, [idName] = id } }.ToJsonString()),
            });
            await db.SaveChangesAsync();
        });
        return message;
    }

    private sealed class Looks : DbCommandInterceptor
    {
        public int AtContracts { get; set; }

        public override ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        {
            AtContracts += command.CommandText.Contains("FROM \"contracts\"", StringComparison.Ordinal) ? 1 : 0;
            return new(result);
        }
    }
}
