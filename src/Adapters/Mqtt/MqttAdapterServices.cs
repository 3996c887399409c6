using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ExecutionManager.Adapters;

public static class MqttAdapterServices
{
    /// <summary>The adapter as a hosted service. The host registers <see cref="AdapterCommandConsumer"/> with the bus.</summary>
    public static IServiceCollection AddMqttAdapter(this IServiceCollection services, Func<IServiceProvider, MqttAdapterOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<MqttAdapter>();
        services.AddSingleton<IDevicePublisher>(provider => provider.GetRequiredService<MqttAdapter>());
        services.AddHostedService(provider => provider.GetRequiredService<MqttAdapter>());
        return services;
    }
}
