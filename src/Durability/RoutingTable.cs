using System.Collections.Concurrent;
using MassTransit;

namespace ExecutionManager.Durability;

/// <summary>
/// Which endpoints of this bus consume which message, learned while they are configured, whoever registered the consumer.
/// The in-memory transport needs it: there a published message is stored once for each endpoint.
/// </summary>
public sealed class RoutingTable
{
    private readonly ConcurrentDictionary<string, byte> endpoints = new();
    private readonly ConcurrentDictionary<(string MessageType, string Endpoint, Type Consumer), byte> consumers = new();

    public bool IsEndpoint(string name) => endpoints.ContainsKey(name);

    /// <summary>By the message's URNs: a consumer of a base type or interface counts. In alphabetical order.</summary>
    public IReadOnlyList<string> EndpointsFor(IEnumerable<string> messageTypes)
    {
        var types = messageTypes as ICollection<string> ?? messageTypes.ToList();
        return [.. consumers.Keys.Where(x => types.Contains(x.MessageType)).Select(x => x.Endpoint).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a message has one consumer at this endpoint: only then is it consumed as soon as one is done.</summary>
    internal bool HasOneConsumer(string endpoint, IEnumerable<string> messageTypes)
    {
        var types = messageTypes as ICollection<string> ?? messageTypes.ToList();
        return consumers.Keys.Count(x => x.Endpoint == endpoint && types.Contains(x.MessageType)) == 1;
    }

    internal void Watch(IReceiveEndpointConfigurator endpoint)
    {
        var name = endpoint.InputAddress.EndpointName();
        endpoints.TryAdd(name, 0);
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
        consumers.TryAdd((MessageUrn.ForTypeString(message), endpoint, consumer), 0);
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
