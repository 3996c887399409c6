using MassTransit;

namespace ExecutionManager.Durability;

/// <summary>
/// Which endpoints of this bus consume which message, learned while they are configured, whoever registered the consumer.
/// The in-memory transport needs it: there a published message is stored once for each endpoint.
/// </summary>
public sealed class RoutingTable
{
    private const string Exchange = "exchange:";

    private readonly Lock gate = new();
    // Replaced, never changed: every send and every consumed message reads them.
    private volatile HashSet<string> endpoints = [];
    private volatile bool isInMemory;
    private volatile (string MessageType, string Endpoint, Type Consumer)[] consumers = [];

    public bool IsEndpoint(string name) => endpoints.Contains(name);

    /// <summary>How a row names an endpoint of this bus. As a broker's queue it would be declared once more, without the arguments that its endpoint has given it.</summary>
    internal string DestinationOf(string endpoint) => isInMemory ? endpoint : Exchange + endpoint;

    /// <summary>The name of this bus's endpoint that a row is for, whichever transport it was stored under; null for anything else.</summary>
    internal string? EndpointOf(string destination)
    {
        var name = destination.StartsWith(Exchange, StringComparison.Ordinal) ? destination[Exchange.Length..] : destination;
        return IsEndpoint(name) ? name : null;
    }

    /// <summary>By the message's URNs: a consumer of a base type or interface counts. In alphabetical order.</summary>
    public IReadOnlyList<string> EndpointsFor(IReadOnlyCollection<string> messageTypes) =>
        [.. consumers.Where(x => messageTypes.Contains(x.MessageType)).Select(x => x.Endpoint).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Whether a message has one consumer at this endpoint: only then is it consumed as soon as one is done.</summary>
    internal bool HasOneConsumer(string endpoint, IEnumerable<string> messageTypes)
    {
        var types = messageTypes as ICollection<string> ?? [.. messageTypes];
        return consumers.Count(x => x.Endpoint == endpoint && types.Contains(x.MessageType)) == 1;
    }

    internal void Watch(IReceiveEndpointConfigurator endpoint)
    {
        var name = endpoint.InputAddress.EndpointName();
        lock (gate)
        {
            endpoints = [.. endpoints, name];
            isInMemory = endpoint.InputAddress.Scheme == OutboxRows.InMemory;
        }
        var observer = new Observer(this, name);
        endpoint.ConnectConsumerConfigurationObserver(observer);
        endpoint.ConnectSagaConfigurationObserver(observer);
        endpoint.ConnectHandlerConfigurationObserver(observer);
    }

    private void Add(string endpoint, Type consumer, Type message)
    {
        // A batch is how a consumer takes messages, not what travels.
        if (message.IsGenericType && message.GetGenericTypeDefinition() == typeof(Batch<>))
            message = message.GetGenericArguments()[0];
        lock (gate)
            consumers = [.. consumers.Append((MessageUrn.ForTypeString(message), endpoint, consumer)).Distinct()];
    }

    private sealed class Observer(RoutingTable table, string endpoint) : IConsumerConfigurationObserver, ISagaConfigurationObserver, IHandlerConfigurationObserver
    {
        public void ConsumerConfigured<TConsumer>(IConsumerConfigurator<TConsumer> configurator) where TConsumer : class
        {
        }

        public void ConsumerMessageConfigured<TConsumer, TMessage>(IConsumerMessageConfigurator<TConsumer, TMessage> configurator)
            where TConsumer : class where TMessage : class => table.Add(endpoint, typeof(TConsumer), typeof(TMessage));

        public void SagaConfigured<TSaga>(ISagaConfigurator<TSaga> configurator) where TSaga : class, ISaga
        {
        }

        public void StateMachineSagaConfigured<TInstance>(ISagaConfigurator<TInstance> configurator, SagaStateMachine<TInstance> stateMachine)
            where TInstance : class, ISaga, SagaStateMachineInstance
        {
        }

        public void SagaMessageConfigured<TSaga, TMessage>(ISagaMessageConfigurator<TSaga, TMessage> configurator)
            where TSaga : class, ISaga where TMessage : class => table.Add(endpoint, typeof(TSaga), typeof(TMessage));

        public void HandlerConfigured<TMessage>(IHandlerConfigurator<TMessage> configurator) where TMessage : class =>
            table.Add(endpoint, typeof(IHandlerConfigurator<TMessage>), typeof(TMessage));
    }
}
