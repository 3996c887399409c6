using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Adapters;

/// <param name="DeviceId">Null: nobody can be answered.</param>
/// <param name="Reason">malformed, tooLarge, unknownTopic, invalidDeviceId, notYourTopic or retained.</param>
public sealed record DeviceRejection(string? DeviceId, string Topic, string Reason, string Detail)
{
    /// <summary>The answer to the device, if there is one to answer.</summary>
    public RejectDeviceMessage? Answer => DeviceId is null
        ? null
        : new RejectDeviceMessage { DeviceId = DeviceId, Topic = Topic, Reason = Reason, Detail = Detail };
}
