using ExecutionManager.Durability;
using System.Security.Authentication;
using ExecutionManager.Contracts.Messages;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ExecutionManager.Worker;

/// <summary>RabbitMQ as its operators want to see it: durable quorum queues, a dead-letter queue for each, names that speak.</summary>
internal static class RabbitBus
{
    /// <summary>Deliveries of one message whose consumer died or lost its connection each time; then it goes to <c>&lt;queue&gt;_error</c>.</summary>
    private const int DeliveryLimit = 20;

    private static readonly TimeSpan LoginAgain = TimeSpan.FromSeconds(5);

    private const string DeliveryLimitArgument = "x-delivery-limit";

    private static readonly Type[] Published =
    [
        typeof(TaskAccepted), typeof(TaskRejected), typeof(ReassignmentRequested), typeof(RecoveryRequested), typeof(ReplanRequested),
        typeof(SpatialDataRequested), typeof(EscalationRaised), typeof(ContractStateChanged), typeof(ContractEnded), typeof(ContractReconciled),
        typeof(ContractProgressed), typeof(LateEvidenceFound), typeof(DuplicateExecution), typeof(PushContract), typeof(SetDesired),
        typeof(RequestReport), typeof(AcknowledgeJournal), typeof(RejectDeviceMessage),
    ];

    public static void UseRabbitMq(this IBusRegistrationConfigurator bus, Uri address, bool topologyOnly)
    {
        bus.AddConfigureEndpointsCallback((_, name, endpoint) =>
        {
            // What is only for the moment has a queue that goes with its worker.
            if (endpoint is IRabbitMqReceiveEndpointConfigurator queue && !name.StartsWith(ProgressListener.Queue, StringComparison.Ordinal))
            {
                Shape(queue, name);
            }
        });
        bus.UsingRabbitMq((context, rabbit) =>
        {
            rabbit.Host(address, $"execution-manager worker on {Environment.MachineName} (process {Environment.ProcessId})", host =>
            {
                Enter(host, address);
                var (log, clock, stopping) = (context.GetRequiredService<ILogger<BusWatch>>(), context.GetRequiredService<TimeProvider>(), context.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
                host.OnRefreshConnectionFactory = factory => WaitForLogin(factory, log, clock, stopping);
            });
            // What has failed is looked at as often as it takes: a limit there would throw it away.
            rabbit.SendTopology.ConfigureErrorSettings = error => error.SetQueueArgument(DeliveryLimitArgument, null);
            rabbit.DeployTopologyOnly = topologyOnly;
            // Others bind their queues to what is published here, before it is published for the first time.
            rabbit.DeployPublishTopology = true;
            rabbit.AddPublishMessageTypes(Published);
            rabbit.ConfigureEndpoints(context);
        });
    }

    /// <summary>The address without its password, as it may be shown.</summary>
    public static string Shown(Uri address) => new UriBuilder(address) { UserName = "", Password = "" }.Uri.ToString();

    /// <summary>A refused login MassTransit takes for final and stays deaf: it is asked only once the login is accepted. The account
    /// may come, or its password be put right. What else is wrong it handles itself.</summary>
    private static async Task WaitForLogin(ConnectionFactory factory, ILogger log, TimeProvider clock, CancellationToken stopping)
    {
        for (var isSaid = false; ; isSaid = true)
        {
            try
            {
                await using var probe = await factory.CreateConnectionAsync(stopping);
                await probe.CloseAsync(stopping);
                return;
            }
            catch (Exception refused) when (refused.GetBaseException() is AuthenticationFailureException or PossibleAuthenticationFailureException)
            {
                if (!isSaid)
                {
                    log.LoginRefused(factory.UserName, LoginAgain, refused.Why());
                }

                await Task.Delay(LoginAgain, clock, stopping);
            }
            catch (Exception) when (!stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    // Arguments of a queue can never be changed: a broker keeps what it was first told.
    private static void Shape(IRabbitMqReceiveEndpointConfigurator queue, string name)
    {
        queue.SetQuorumQueue();
        queue.SetQueueArgument(DeliveryLimitArgument, DeliveryLimit);
        // The same queue and arguments as MassTransit's own for faults, so that both find it made.
        queue.BindDeadLetterQueue($"{name}_error", $"{name}_error", error =>
        {
            error.SetQuorumQueue();
            error.SetQueueArgument("x-dead-letter-exchange", $"{name}_error");
        });
    }

    private static void Enter(IRabbitMqHostConfigurator host, Uri address)
    {
        var user = address.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            host.Username(Uri.UnescapeDataString(user[0]));
            host.Password(user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "");
        }

        if (address.Scheme == "amqps")
        {
            host.UseSsl(tls =>
            {
                tls.ServerName = address.Host;
                tls.Protocol = SslProtocols.None;   // What the operating system thinks is good.
            });
        }
    }
}
