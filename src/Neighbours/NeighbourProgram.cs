using System.Net;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Neighbours;

/// <summary>The thin program: one neighbour on RabbitMQ until it is told to end.</summary>
internal static class NeighbourProgram
{
    private const string Bus = "ConnectionStrings:Bus";

    public static async Task<int> Run(string[] args, TextWriter output, TextWriter error)
    {
        if (args is ["-h" or "--help" or "help", ..])
        {
            await output.WriteLineAsync(NeighbourCall.Usage);
            return 0;
        }
        NeighbourCall call;
        try
        {
            call = NeighbourCall.Parse(args);
        }
        catch (FormatException wrongCall)
        {
            await error.WriteLineAsync($"{wrongCall.Message}\n\n{NeighbourCall.Usage}");
            return 64;
        }

        IHost host;
        try
        {
            host = Build(call);
        }
        catch (OptionsValidationException wrongSettings)
        {
            foreach (var fault in wrongSettings.Failures)
                await error.WriteLineAsync(fault);
            return 78;
        }
        catch (InvalidDataException wrongJson)
        {
            await error.WriteLineAsync(wrongJson.Message);
            return 78;
        }

        using (host)
        {
            Announce(host.Services, call.Neighbour);
            await host.RunAsync();
        }
        return 0;
    }

    private static IHost Build(NeighbourCall call)
    {
        var builder = Host.CreateApplicationBuilder(call.Settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Logging.ClearProviders().AddConsole(console => console.FormatterName = PlainConsole.FormatterName)
            .AddConsoleFormatter<PlainConsole, ConsoleFormatterOptions>()
            .AddFilter("Microsoft", LogLevel.Warning).AddFilter("MassTransit", LogLevel.Warning);

        var faults = new List<string>();
        var bus = BusOf(builder.Configuration, faults);
        builder.Services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            try
            {
                Add(x, call.Neighbour, builder.Configuration);
            }
            catch (OptionsValidationException exception)
            {
                faults.AddRange(exception.Failures);
            }
            x.AddConfigureEndpointsCallback((_, endpoint) =>
            {
                if (endpoint is IRabbitMqReceiveEndpointConfigurator queue)
                {
                    queue.SetQuorumQueue();
                    queue.SetQueueArgument("x-delivery-limit", 20);
                }
            });
            x.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(bus, $"{call.Neighbour}@{Dns.GetHostName()}");
                // What has failed is kept, however often it is looked at.
                rabbit.SendTopology.ConfigureErrorSettings = error => error.SetQueueArgument("x-delivery-limit", null);
                rabbit.ConfigureEndpoints(context);
            });
        });
        return faults is [] ? builder.Build() : throw new OptionsValidationException(call.Neighbour, typeof(NeighbourProgram), faults);
    }

    private static void Add(IBusRegistrationConfigurator bus, string neighbour, IConfiguration configuration)
    {
        switch (neighbour)
        {
            case "policy": bus.AddPolicyService(configuration); break;
            case "planner": bus.AddPlanner(configuration); break;
            case "equator": bus.AddEquator(configuration); break;
            case "scheduler": bus.AddScheduler(configuration); break;
            default: throw new InvalidOperationException($"No neighbour is called {neighbour}.");
        }
    }

    private static Uri? BusOf(IConfiguration configuration, List<string> faults)
    {
        // The value holds a password and is never shown.
        if (Uri.TryCreate(configuration[Bus], UriKind.Absolute, out var bus) && bus.Scheme is "amqp" or "amqps")
            return bus;
        faults.Add($"{Bus}: needs an address such as amqp://user:password@host:5672/vhost");
        return null;
    }

    private static void Announce(IServiceProvider services, string neighbour)
    {
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Neighbours");
        var configuration = services.GetRequiredService<IConfiguration>();
        var unknown = configuration.GetSection("Neighbours").AsEnumerable()
            .Where(setting => setting.Value is not null && !NeighbourRegistration.Keys.Any(key => setting.Key.StartsWith(key, StringComparison.OrdinalIgnoreCase)));
        foreach (var (key, _) in unknown)
            log.UnknownSetting(key);
        var bus = new Uri(configuration[Bus]!);
        log.Serving(neighbour, bus.Authority + bus.AbsolutePath);
    }
}
