using System.Net.Sockets;
using System.Text;
using ExecutionManager.Store;
using ExecutionManager.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Server-sent events of one contract and of all, on the embedded store.</summary>
[TestFixture, CancelAfter(60_000)]
public class When_events_are_followed
{
    private static readonly EventStreamLimits Limits = new() { Streams = 3, Heartbeat = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(1), Poll = TimeSpan.FromMilliseconds(20) };

    private ApiHost host = null!;

    [SetUp]
    public async Task Run() => host = await ApiHost.Run(compose: services => services.AddSingleton(Limits));

    [TearDown]
    public async Task End() => await host.DisposeAsync();

    [Test]
    public async Task Should_name_them_after_the_message_and_number_them_like_the_history(CancellationToken ct)
    {
        using var all = await EventReader.Open(host.Http, "/events");
        var id = (await host.Post("/contracts", ApiHost.Document())).Json["contractId"]!.GetValue<string>();
        var submitted = (await all.Next(ct))!;

        Assert.That(submitted.Name, Is.EqualTo("ContractStateChanged"));
        Assert.That(submitted.Data!["contractId"]!.GetValue<string>(), Is.EqualTo(id));
        Assert.That((submitted.Data["to"]!.GetValue<string>(), submitted.Data["version"]!.GetValue<int>()), Is.EqualTo(("awaitingConnection", 1)));
        Assert.That(submitted.Id, Is.EqualTo((await host.Get($"/contracts/{id}/history")).Json["items"]![0]!["entryId"]!.GetValue<string>()));
    }

    [Test]
    public async Task Should_resume_behind_the_last_one_and_keep_to_its_contract(CancellationToken ct)
    {
        var (one, other) = (await host.Seed(_ => { }), await host.Seed(_ => { }));
        await Append((one, "ContractStateChanged"), (one, "JournalApplied"), (other, "ContractStateChanged"), (one, "ContractReconciled"), (one, "ContractEnded"));
        using var whole = await EventReader.Open(host.Http, $"/contracts/{one}/events", "0");
        var first = await whole.Take(2, ct);
        using var rest = await EventReader.Open(host.Http, $"/contracts/{one}/events", first[1].Id);

        Assert.That(first.Select(sent => sent.Name), Is.EqualTo(new[] { "ContractStateChanged", "ContractReconciled" }), "what was no message is none here");
        Assert.That((await rest.Next(ct))!.Name, Is.EqualTo("ContractEnded"));
    }

    [Test]
    public async Task Should_begin_now_without_a_last_one_and_can_be_resumed_at_once(CancellationToken ct)
    {
        var contract = await host.Seed(_ => { });
        await Append((contract, "ContractStateChanged"));
        using (var before = await EventReader.Open(host.Http, "/events", "0"))
        {
            await before.Next(ct);   // it is known to the feed
        }

        using var fresh = await EventReader.Open(host.Http, "/events");
        Assert.That((await fresh.Next(ct, comments: true))!.Name, Is.EqualTo("comment"));
        await Append((contract, "ContractEnded"));
        using var resumed = await EventReader.Open(host.Http, "/events", fresh.LastEventId);
        Assert.That((await resumed.Next(ct))!.Name, Is.EqualTo("ContractEnded"));
    }

    [Test]
    public async Task Should_refuse_what_is_no_number_of_an_event_and_an_unknown_contract()
    {
        Assert.That((await host.Send(HttpMethod.Get, "/events", null, ("Last-Event-ID", "yesterday"))).Problem, Is.EqualTo("400 validation"));
        Assert.That((await host.Get($"/contracts/{Guid.NewGuid()}/events")).Problem, Is.EqualTo("404 not-found"));
    }

    /// <summary>As after an older backup was restored: the reader would hear nothing for ever.</summary>
    [Test]
    public async Task Should_refuse_to_go_on_behind_what_was_never_said(CancellationToken ct)
    {
        var contract = await host.Seed(_ => { });
        await Append((contract, "ContractStateChanged"));
        string last;
        using (var reader = await EventReader.Open(host.Http, "/events", "0"))
        {
            last = (await reader.Next(ct))!.Id!;
        }

        foreach (var path in new[] { "/events", $"/contracts/{contract}/events" })
        {
            var refused = await host.Send(HttpMethod.Get, path, null, ("Last-Event-ID", $"{long.Parse(last) + 1}"));
            Assert.That((refused.Problem, refused.Errors.Single()), Is.EqualTo(("400 validation", "Last-Event-ID")));
            using var follows = await EventReader.Open(host.Http, path, last);
        }
    }

    /// <summary>Another worker may have shown what this one has not looked for yet.</summary>
    [Test]
    public async Task Should_go_on_behind_what_it_has_not_seen_itself(CancellationToken ct)
    {
        await host.Service<EventFeed>().Known.WaitAsync(ct);
        var contract = await host.Seed(_ => { });
        var row = new EventRow { ContractId = contract, Name = "ContractStateChanged", Version = 1, At = ApiHost.Start, Body = "{}" };
        await host.Store(async db =>
        {
            db.Add(row);
            await db.SaveChangesAsync(ct);
        });
        using var reader = await EventReader.Open(host.Http, "/events", $"{row.Sequence}");
    }

    [Test]
    public async Task Should_refuse_more_streams_than_it_can_bear_until_one_ends(CancellationToken ct)
    {
        var open = new List<EventReader>();
        for (var i = 0; i < Limits.Streams; i++)
        {
            open.Add(await EventReader.Open(host.Http, "/events"));
        }

        Assert.That((await host.Get("/events")).Problem, Is.EqualTo("503 unavailable"));
        open[0].Dispose();
        while (true)
        {
            // It is noticed when something is written.
            using var request = new HttpRequestMessage(HttpMethod.Get, "/events");
            using var again = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (again.IsSuccessStatusCode)
            {
                break;
            }
        }

        open.ForEach(reader => reader.Dispose());
    }

    [Test]
    public async Task Should_end_with_the_worker(CancellationToken ct)
    {
        using var stream = await EventReader.Open(host.Http, "/events");
        var stopped = host.Stop();
        Assert.That(await stream.Next(ct), Is.Null);
        await stopped.WaitAsync(ct);
    }

    [Test]
    public async Task Should_cut_off_a_reader_that_takes_nothing(CancellationToken ct)
    {
        var contract = await host.Seed(_ => { });
        using var socket = new TcpClient { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(host.Http.BaseAddress!.Host, host.Http.BaseAddress.Port, ct);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\n\r\n"), ct);
        await host.Store(async db =>
        {
            for (var i = 0; i < 200; i++)
            {
                db.Add(new EventRow { ContractId = contract, Name = "ContractReconciled", Version = 1, At = ApiHost.Start, Body = $"{{\"filler\":\"{new string('x', 100_000)}\"}}" });
            }

            await db.SaveChangesAsync(ct);
        });

        // Nothing is read until the worker has given up: what it had sent by then, and no orderly end.
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        var feed = host.Service<EventFeed>();
        for (var seen = false; !seen || feed.Streams > 0; seen |= feed.Streams > 0)
        {
            await tick.WaitForNextTickAsync(ct);
        }

        var (buffer, taken, reset) = (new byte[65_536], 0L, false);
        try
        {
            int read;
            while ((read = await socket.GetStream().ReadAsync(buffer, ct)) > 0)
            {
                taken += read;
            }
        }
        catch (IOException)
        {
            reset = true;
        }

        Assert.That((taken, reset), Is.EqualTo((taken, true)));
        Assert.That(taken, Is.LessThan(20_000_000));
    }

    private Task Append(params (Guid Contract, string Name)[] events) => host.Store(async db =>
    {
        foreach (var (contract, name) in events)
        {
            db.Add(new EventRow { ContractId = contract, Name = name, Version = 1, At = ApiHost.Start, Body = "{}" });
            await db.SaveChangesAsync();
        }
    });
}
