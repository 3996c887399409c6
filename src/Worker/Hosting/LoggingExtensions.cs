using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace ExecutionManager.Worker;

/// <summary>What the worker says on its console: a fault once, in one line, by the part that knows whether it matters.</summary>
internal static class LoggingExtensions
{
    // "Channel is already closed", where the connection was lost first.
    private const int ChannelIsClosed = 491;

    private static readonly string[] Interrupted = ["T-FAULT", "R-FAULT", "Consumer Channel Shutdown"];

    public static void AddLogging(this IServiceCollection services, WorkerSettings settings, CommandLine call) =>
        services.AddSerilog((_, logging) =>
        {
            logging.MinimumLevel.Is(call.Demo ? LogEventLevel.Error : LogEventLevel.Information)
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                // What fails there fails again above, where it is known whether it matters.
                .MinimumLevel.Override("Microsoft.EntityFrameworkCore", LogEventLevel.Fatal)
                .MinimumLevel.Override("System", LogEventLevel.Warning)
                .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
                // Said once, and without a stack, by BusWatch.
                .Filter.ByExcluding(said => said.Level == LogEventLevel.Warning && said.MessageTemplate.Text.StartsWith("Connection Failed", StringComparison.Ordinal))
                // Tried again, by the relay, the adapter or a fresh scope; what comes of that is said in one line, not in forty.
                .Filter.ByExcluding(said => said.MessageTemplate.Text.StartsWith("S-FAULT", StringComparison.Ordinal) || said.MessageTemplate.Text.StartsWith("R-RETRY", StringComparison.Ordinal))
                // The connection ended while a message was handled, which BusWatch says if it lasts: it is delivered again.
                .Filter.ByExcluding(said => Interrupted.Any(start => said.MessageTemplate.Text.StartsWith(start, StringComparison.Ordinal)) && IsConnectionLoss(said.Exception))
                // Parked, and said so in one line.
                .Filter.ByExcluding(said => said.Exception is MessageReturnedException)
                // Why the start failed is said once, by the program, without a trace.
                .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal);
            if (settings.JsonLogs)
            {
                logging.WriteTo.Console(new CompactJsonFormatter());
            }
            else
            {
                logging.WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture, outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}");
            }
        });

    /// <summary>Not what the broker ends on purpose: that gives a reason of its own.</summary>
    private static bool IsConnectionLoss(Exception? fault) => fault switch
    {
        null => false,
        OperationCanceledException => true,
        OperationInterruptedException { ShutdownReason: { } reason } => reason.Initiator == ShutdownInitiator.Library || reason.ReplyCode == ChannelIsClosed,
        _ => IsConnectionLoss(fault.InnerException),
    };
}
