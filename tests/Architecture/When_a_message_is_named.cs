using System.Reflection;
using ExecutionManager.Contracts.Messages;
using MassTransit;

namespace ExecutionManager.Architecture.Tests;

/// <summary>Names are addresses: a changed one loses messages in flight. Approved/names.txt is edited by hand only.</summary>
public sealed class When_a_message_is_named
{
    private static readonly string[] Approved = File.ReadAllLines(Repository.Approved("names.txt"));

    // Never started: only its naming is asked for.
    private static readonly IBusControl Bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(_ => { });

    [Test]
    public void Should_have_the_approved_urn_and_exchange() =>
        Assert.That(MessageTypes.Messages.Select(type => $"{Urn(type)} {Exchange(type)}"), Is.EqualTo(Approved));

    [Test]
    public void Should_be_one_message_on_the_bus([ValueSource(typeof(MessageTypes), nameof(MessageTypes.Messages))] Type message)
    {
        var names = (string[])typeof(MessageTypeCache<>).MakeGenericType(message).GetProperty("MessageTypeNames")!.GetValue(null)!;

        Assert.That(names, Is.EqualTo(new[] { Urn(message) }));
    }

    private static string Urn(Type message) => (string)typeof(MessageUrn)
        .GetMethods(BindingFlags.Public | BindingFlags.Static)
        .Single(method => method is { Name: nameof(MessageUrn.ForTypeString), IsGenericMethod: true })
        .MakeGenericMethod(message).Invoke(null, null)!;

    private static string Exchange(Type message) => Bus.Topology.TryGetPublishAddress(message, out var address)
        ? Uri.UnescapeDataString(address.AbsolutePath).TrimStart('/')
        : "has no exchange";
}
