using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Neighbours.Tests;

/// <summary>The neighbours on an in-memory bus, with settings and a clock of the test's own.</summary>
internal sealed class Neighbourhood : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Neighbourhood(ServiceProvider services) => _services = services;

    public ObservedTime Time => (ObservedTime)_services.GetRequiredService<TimeProvider>();

    private ITestHarness Harness => _services.GetTestHarness();

    public static async Task<Neighbourhood> Start(params (string Key, string Value)[] settings)
    {
        var configuration = Configuration(settings);
        var services = new ServiceCollection()
            .AddSingleton<TimeProvider>(new ObservedTime())
            .AddMassTransitTestHarness(x =>
            {
                x.DisableUsageTelemetry();
                x.AddPolicyService(configuration);
                x.AddPlanner(configuration);
                x.AddEquator(configuration);
                x.AddScheduler(configuration);
            })
            .BuildServiceProvider(validateScopes: true);
        await services.GetTestHarness().Start();
        return new(services);
    }

    public static IConfiguration Configuration(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)))
        .Build();

    public Task Publish(object request) => Harness.Bus.Publish(request, request.GetType());

    public async Task<TAnswer> Ask<TAnswer>(object request) where TAnswer : class
    {
        await Publish(request);
        return await Answer<TAnswer>();
    }

    public async Task<TAnswer> Answer<TAnswer>() where TAnswer : class =>
        await Harness.Published.SelectAsync<TAnswer>().FirstOrDefault() is { } published
            ? published.Context.Message
            : throw new AssertionException($"No {typeof(TAnswer).Name} was published.");

    /// <summary>Ends when a message of the type of <paramref name="request"/> is consumed to its end.</summary>
    public async Task Consumed(object request) =>
        Assert.That(await Harness.Consumed.Any(message => message.MessageObject.GetType().IsAssignableTo(request.GetType())));

    public IReadOnlyList<T> Sent<T>() where T : class => [.. Harness.Published.Select<T>(new CancellationToken(canceled: true)).Select(message => message.Context.Message)];

    public IEnumerable<string> PublishedNow() => Harness.Published.Select(_ => true, new CancellationToken(canceled: true)).Select(message => message.MessageType.Name);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
