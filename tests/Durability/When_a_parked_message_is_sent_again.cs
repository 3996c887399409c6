using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability.Tests;

[CancelAfter(30_000)]
public sealed class When_a_parked_message_is_sent_again(string kind) : ToyFile(kind)
{
    [Test]
    public async Task Should_leave_out_what_another_deletes_in_the_same_moment([Values(1, 2)] int rows)
    {
        var meanwhile = new Meanwhile();
        var host = Use(new ToyHost(File, configure: x => x.RunRelay = false, configureServices: x => x.AddSingleton<TimeProvider>(meanwhile)));
        var other = Use(new ToyHost(File, configure: x => x.RunRelay = false));
        var (message, now) = (Guid.NewGuid(), TimeProvider.System.GetUtcNow().UtcDateTime);
        await host.Read(db =>
        {
            for (var row = 1; row <= rows; row++)
                db.Outbox.Add(new OutboxMessage { MessageId = message, Destination = $"exchange:{row}", MessageType = "urn:message:Any", EnqueuedAt = now, ParkedAt = now });
            return db.SaveChangesAsync();
        });
        meanwhile.Do = () => other.Read(db => db.Outbox.Where(x => x.Destination == "exchange:1").ExecuteDeleteAsync()).GetAwaiter().GetResult();

        await host.InScope(async x => Assert.That(await x.GetRequiredService<ParkedMessages>().SendAgain(message), Is.EqualTo(rows > 1)));
        Assert.That(await host.Read(db => db.Outbox.Select(x => x.DueAt != null && x.ParkedAt == null).ToListAsync()), Is.EqualTo(rows > 1 ? [true] : (bool[])[]));
    }

    /// <summary>The time is asked for between looking and writing.</summary>
    private sealed class Meanwhile : TimeProvider
    {
        public Action? Do { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            var once = Do;
            Do = null;
            once?.Invoke();
            return base.GetUtcNow();
        }
    }
}
