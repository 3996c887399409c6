using MassTransit;
using MassTransit.Configuration;
using MassTransit.Middleware;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.Durability;

/// <summary>What every endpoint gets, dispatchers included: routes, scheduler, and patience with the database.</summary>
internal sealed class DurableEndpoints(RoutingTable routes, IServiceProvider services) : IConfigureReceiveEndpoint
{
    public void Configure(string name, IReceiveEndpointConfigurator configurator)
    {
        routes.Watch(configurator);
        var standalone = services.GetRequiredService<StandaloneOutbox>();
        configurator.AddPrePipeSpecification(new FilterPipeSpecification<ConsumeContext>(new SchedulerFilter(standalone)));
        configurator.AddPrePipeSpecification(new FilterPipeSpecification<ConsumeContext>(new HoldFilter(services.GetRequiredService<DatabaseHold>())));
        if (configurator is not IInMemoryReceiveEndpointConfigurator)
            return;

        var park = ActivatorUtilities.CreateInstance<ParkFilter>(services);
        configurator.ConfigureReceive(receive => receive.UseFilter(new ConsumedFilter(standalone)));
        configurator.ConfigureError(error =>
        {
            error.UseFilter(new GenerateFaultFilter());
            error.UseFilter(park);
        });
        configurator.ConfigureDeadLetter(skipped => skipped.UseFilter(park));
    }
}
