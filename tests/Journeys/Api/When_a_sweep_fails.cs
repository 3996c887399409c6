using ExecutionManager.Sagas;
using ExecutionManager.Store;
using ExecutionManager.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ExecutionManager.Journeys.Tests;

/// <summary>Each sweep is on its own: what one cannot do keeps no lease from being renewed.</summary>
[TestFixture, CancelAfter(10_000)]
public class When_a_sweep_fails
{
    private static readonly WorkerSettings Settings = new()
    {
        DataDirectory = "", MqttPort = 0, Contracts = new ContractSettings(), RelayMaxAttempts = 1, InboxRetention = TimeSpan.FromDays(1),
        TerminalRetention = TimeSpan.FromDays(1), AllowAnonymous = true, JsonLogs = false, Urls = [],
    };

    private readonly List<string> ran = [];
    private Type? broken;

    [TestCase(typeof(RenewalSweep), "renewal of leases: broken")]
    [TestCase(typeof(StalenessSweep), "silent devices: broken")]
    [TestCase(typeof(ParkedSweep), "parked requests: broken")]
    [TestCase(typeof(AreaSweep), "areas: broken")]
    [TestCase(typeof(RetentionSweep), "retention: broken")]
    public async Task Should_run_the_others_renewals_first_and_say_which_it_was(Type failing, string said)
    {
        ran.Clear();
        broken = failing;
        await using var host = await ApiHost.Run(compose: services =>
        {
            Watch<RenewalSweep>(services);
            Watch<StalenessSweep>(services);
            Watch<ParkedSweep>(services);
            Watch<AreaSweep>(services);
            Watch<RetentionSweep>(services);
        });
        using var sweeper = new Sweeper(host.Service<IServiceScopeFactory>(), Settings, host.Clock, NullLogger<Sweeper>.Instance);

        await sweeper.RunOnce(default);
        Assert.That(sweeper.Failure, Is.EqualTo(said));
        string[] all = [nameof(RenewalSweep), nameof(StalenessSweep), nameof(ParkedSweep), nameof(AreaSweep), nameof(RetentionSweep)];
        Assert.That(ran, Is.EqualTo(all.Where(name => name != failing.Name)));

        broken = null;
        await sweeper.RunOnce(default);
        Assert.That(sweeper.Failure, Is.Null);
    }

    private void Watch<TSweep>(IServiceCollection services) where TSweep : class => services.AddScoped(provider =>
    {
        if (broken == typeof(TSweep))
        {
            throw new InvalidOperationException("broken");
        }

        ran.Add(typeof(TSweep).Name);
        return ActivatorUtilities.CreateInstance<TSweep>(provider);
    });
}
