using ExecutionManager.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ExecutionManager.Neighbours;

/// <summary>
/// Puts reference neighbours on a bus, each on the queue of its name. Settings and files are read at once; what is wrong
/// with them is an <see cref="Microsoft.Extensions.Options.OptionsValidationException"/> whose failures begin with their key.
/// </summary>
public static class NeighbourRegistration
{
    /// <summary>Every setting that a neighbour reads.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "Neighbours:Policy:Rules", "Neighbours:Policy:Fault", "Neighbours:Policy:Delay",
        "Neighbours:Planner:Fault", "Neighbours:Planner:Delay",
        "Neighbours:Equator:Files", "Neighbours:Equator:Fault", "Neighbours:Equator:Delay",
        "Neighbours:Scheduler:Tasks", "Neighbours:Scheduler:Fault", "Neighbours:Scheduler:Delay",
    ];

    /// <summary>Queue <c>policy</c>; settings <c>Neighbours:Policy:…</c>.</summary>
    public static void AddPolicyService(this IBusRegistrationConfigurator bus, IConfiguration configuration)
    {
        var settings = new NeighbourSettings(configuration, "Policy");
        bus.AddNeighbour("policy", settings, new PolicyService(settings.Rules("Rules"), settings.Conduct()));
    }

    /// <summary>Queue <c>planner</c>; settings <c>Neighbours:Planner:…</c>.</summary>
    public static void AddPlanner(this IBusRegistrationConfigurator bus, IConfiguration configuration)
    {
        var settings = new NeighbourSettings(configuration, "Planner");
        bus.AddNeighbour("planner", settings, new Planner(settings.Conduct()));
    }

    /// <summary>Queue <c>equator</c>; settings <c>Neighbours:Equator:…</c>.</summary>
    public static void AddEquator(this IBusRegistrationConfigurator bus, IConfiguration configuration)
    {
        var settings = new NeighbourSettings(configuration, "Equator");
        bus.AddNeighbour("equator", settings, new Equator(settings.Layers("Files"), settings.Conduct()));
    }

    /// <summary>Queue <c>scheduler</c>; settings <c>Neighbours:Scheduler:…</c>. It assigns its tasks once the bus is there.</summary>
    public static void AddScheduler(this IBusRegistrationConfigurator bus, IConfiguration configuration)
    {
        var settings = new NeighbourSettings(configuration, "Scheduler");
        var scheduler = new Scheduler(settings.Tasks("Tasks"), settings.Conduct());
        bus.AddNeighbour("scheduler", settings, scheduler);
        bus.AddSingleton(scheduler);
        bus.AddSingleton<Assigning>();
        bus.AddHostedService(services => services.GetRequiredService<Assigning>());
        bus.AddConsumer<AssignmentAnswers>().Endpoint(endpoint => endpoint.Name = "scheduler");
    }

    private static void AddNeighbour<TRequest>(
        this IBusRegistrationConfigurator bus, string queue, NeighbourSettings settings, INeighbour<TRequest> neighbour)
        where TRequest : class
    {
        settings.Check();
        bus.TryAddSingleton(TimeProvider.System);
        bus.AddSingleton(neighbour);
        bus.AddConsumer<AnsweringConsumer<TRequest>>().Endpoint(endpoint => endpoint.Name = queue);
    }
}
