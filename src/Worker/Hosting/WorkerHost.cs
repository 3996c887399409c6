using ExecutionManager.Adapters;
using ExecutionManager.Durability;
using ExecutionManager.Neighbours;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using MassTransit;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Worker;

/// <summary>Puts the worker together from its settings.</summary>
public static class WorkerHost
{
    public static WebApplication Build(CommandLine call, Action<IServiceCollection>? compose = null)
    {
        var builder = CreateBuilder(call);
        var reader = new SettingsReader(builder.Configuration);
        var settings = reader.Read();
        var faults = reader.Faults.ToList();
        builder.WebHost.UseUrls([.. settings.Urls.Select(url => url.OriginalString.TrimEnd('/'))]);
        builder.Services.AddLogging(settings, call);
        AddServices(builder, settings, call, faults);
        if (faults.Count > 0)
        {
            throw new ConfigurationFault(faults);
        }

        if (settings.Postgres is null)
        {
            var taken = DirectoryLock.Take(settings.DataDirectory);
            builder.Services.AddSingleton(_ => taken);
        }

        compose?.Invoke(builder.Services);
        var app = builder.Build();
        app.Services.GetService<DirectoryLock>();   // made here, so that it is freed with the host
        foreach (var key in reader.Unknown)
        {
            app.Logger.UnknownSetting(key);
        }

        app.MapHealth();
        app.MapMetrics();
        app.MapExecutionManager();
        return app;
    }

    private static WebApplicationBuilder CreateBuilder(CommandLine call)
    {
        try
        {
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = call.Rest });
            builder.Configuration.Sources.Insert(0, Beside(AppContext.BaseDirectory));
            return builder;
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or FormatException)
        {
            throw new ConfigurationFault([$"{unreadable.Message} {unreadable.InnerException?.Message}".TrimEnd()]);
        }
    }

    private static void AddServices(WebApplicationBuilder builder, WorkerSettings settings, CommandLine call, List<string> faults)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Contracts);
        services.AddSingleton<NewGuid>(() => NewId.NextGuid());
        if (settings.Postgres is { } postgres)
        {
            services.AddPostgresStore(postgres);
        }
        else
        {
            services.AddSqliteStore(settings.StoreConnection);
        }

        services.AddExecutionManagerApi();
        if (settings.Mqtt is null)
        {
            // The broker first: the adapter and the devices find it at once.
            services.AddSingleton<EmbeddedBroker>();
            services.AddHostedService(provider => provider.GetRequiredService<EmbeddedBroker>());
        }

        services.AddMqttAdapter(_ => (settings.Mqtt ?? new MqttAdapterOptions { Port = settings.MqttPort }) with { CommandMaxAge = settings.Contracts.Command });
        // What was taken from a queue is finished before the process ends, within a container's usual patience.
        services.Configure<MassTransitHostOptions>(options => options.ConsumerStopTimeout = options.StopTimeout = TimeSpan.FromSeconds(20));
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(25));
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.SetKebabCaseEndpointNameFormatter();
            if (settings.Postgres is null)
            {
                bus.AddExecutionManager();
            }
            else
            {
                bus.AddExecutionManager<PostgresStoreContext>();
            }

            bus.Configure<DurabilityOptions>(options =>
            {
                options.MaxAttempts = settings.RelayMaxAttempts;
                options.InboxRetention = settings.InboxRetention;
                options.IsReturned = fault => fault is MessageReturnedException;
            });
            bus.AddConsumer<AdapterCommandConsumer>().Endpoint(endpoint => endpoint.Name = "adapter-commands");
            if (call.Verb != "topology")
            {
                bus.AddConsumer<ProgressListener>().Endpoint(endpoint =>
                {
                    endpoint.Name = settings.Bus is null ? ProgressListener.Queue : $"{ProgressListener.Queue}-{Environment.MachineName}-{Environment.ProcessId}";
                    endpoint.Temporary = settings.Bus is not null;
                });
            }

            AddNeighbours(bus, builder.Configuration, call, faults);
            if (settings.Bus is { } broker)
            {
                bus.UseRabbitMq(broker, topologyOnly: call.Verb == "topology");
            }
            else
            {
                bus.UsingInMemory((context, cfg) => cfg.ConfigureEndpoints(context));
            }
        });
        if (settings.Bus is not null)
        {
            services.AddHostedService<BusWatch>();
        }

        services.AddSingleton<Sweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<Sweeper>());
        services.AddSingleton<StoreWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<StoreWatch>());
        services.AddMetrics();
    }

    private static void AddNeighbours(IBusRegistrationConfigurator bus, IConfiguration configuration, CommandLine call, List<string> faults)
    {
        foreach (var neighbour in call.With.Distinct())
        {
            try
            {
                switch (neighbour)
                {
                    case "policy":
                        bus.AddPolicyService(configuration);
                        break;
                    case "planner":
                        bus.AddPlanner(configuration);
                        break;
                    case "equator":
                        bus.AddEquator(configuration);
                        break;
                    case "scheduler":
                        bus.AddScheduler(configuration);
                        break;
                }
            }
            catch (OptionsValidationException wrong)
            {
                faults.AddRange(wrong.Failures);
            }
        }
    }

    private static JsonConfigurationSource Beside(string directory)
    {
        var source = new JsonConfigurationSource { Path = Path.Combine(directory, "appsettings.json"), Optional = true };
        source.ResolveFileProvider();
        return source;
    }
}
