using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ExecutionManager.Durability.Tests;

/// <summary>One process on a database. Disposed without Stop it is one that was killed.</summary>
internal sealed class ToyHost : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private bool isStarted;

    public ToyHost(
        string file, Action<IBusRegistrationConfigurator>? configureBus = null, Action<DurabilityOptions>? configure = null,
        Action<IServiceCollection>? configureServices = null, string? broker = null, params IInterceptor[] interceptors)
    {
        var collection = new ServiceCollection();
        collection.AddLogging(x => x.SetMinimumLevel(LogLevel.Warning));
        collection.AddSingleton<Heard>().AddSingleton(new Fuse());
        collection.AddDbContextPool<ToyContext>(x => (file.StartsWith("Data Source", StringComparison.Ordinal) ? x.UseSqlite(file) : x.UseNpgsql(file)).AddInterceptors(interceptors));
        collection.Configure<MassTransitHostOptions>(x => x.StopTimeout = TimeSpan.FromSeconds(5));   // A stuck consumer must not hang the run.
        configureServices?.Invoke(collection);
        collection.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            x.SetKebabCaseEndpointNameFormatter();
            x.AddDurability<ToyContext>(configure);
            x.AddSagaStateMachine<CounterMachine, CounterState, CounterDefinition>().DurableRepository();
            (configureBus ?? (y => y.AddConsumer<FirstListener>())).Invoke(x);
            x.AddConfigureEndpointsCallback((_, _, endpoint) => (endpoint as IRabbitMqReceiveEndpointConfigurator)?.SetQuorumQueue());
            if (broker is null)
                x.UsingInMemory((context, bus) => bus.ConfigureEndpoints(context));
            else
                x.UsingRabbitMq((context, bus) =>
                {
                    bus.Host(new Uri(broker));
                    bus.ConfigureEndpoints(context);
                });
        });
        services = collection.BuildServiceProvider(validateScopes: true);
        using var scope = services.CreateScope();
        scope.ServiceProvider.GetRequiredService<ToyContext>().Database.EnsureCreated();
    }

    public Heard Heard => Get<Heard>();

    public Fuse Fuse => Get<Fuse>();

    public IBus Bus => Get<IBus>();

    public Relay Relay => Get<Relay>();

    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    public async Task<ToyHost> Start()
    {
        isStarted = true;
        foreach (var service in services.GetServices<IHostedService>())
            await service.StartAsync(default);
        return this;
    }

    public async Task Stop()
    {
        if (!isStarted)
            return;
        isStarted = false;
        foreach (var service in services.GetServices<IHostedService>().Reverse())
            await service.StopAsync(default);
    }

    public async Task<T> Read<T>(Func<ToyContext, Task<T>> read)
    {
        await using var scope = services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<ToyContext>());
    }

    public async Task InScope(Func<IServiceProvider, Task> action)
    {
        await using var scope = services.CreateAsyncScope();
        await action(scope.ServiceProvider);
    }

    public Task<int> Total(Guid counter) => Read(db => db.Counters.Where(x => x.CorrelationId == counter).Select(x => x.Total).SingleOrDefaultAsync());

    public Task<int> OutboxCount() => Read(db => db.Outbox.CountAsync());

    public async Task Eventually(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"It never happened that {what}. Parked: {string.Join('\n', await Read(db => db.Outbox.Where(x => x.ParkedAt != null).Select(x => x.LastError).ToListAsync()))}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
