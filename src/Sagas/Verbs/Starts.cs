using System.Text.Json.Nodes;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Data and connectivity: what a contract needs before it is pushed.</summary>
internal static class Starts
{
    /// <summary>Begins the life of a submitted contract: orphans are taken up, and it is seen whether data is to be fetched.</summary>
    public static EventActivityBinder<ContractState, ContractSubmitted> Begin(this EventActivityBinder<ContractState, ContractSubmitted> binder) =>
        binder.ThenAsync(async context =>
        {
            await context.TakeOrphans();
            var plan = await context.Plan(context.Saga.Revision);
            await context.WatchWindow(plan);
            context.Findings().Verdict = context.Saga.Execution.IsCompleted ? Verdict.Completed
                : plan.DataRequests.Count > 0 ? Verdict.RetryData
                : Verdict.DataComplete;
        });

    public static EventActivityBinder<ContractState, T> RequestData<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var plan = await context.Plan(saga.Revision);
            var open = saga.Open.Data.Clear();
            foreach (var request in plan.DataRequests)
            {
                var requestId = work.NewId();
                open = open.Add(requestId, request.Name);
                await context.Publish(new SpatialDataRequested { ContractId = saga.CorrelationId, RequestId = requestId, Name = request.Name, Query = request.Query });
            }

            saga.Open = saga.Open with { Data = open };
            await context.ArmIn(DeadlineKind.Data, work.Settings.Data);
        });

    public static EventActivityBinder<ContractState, SpatialDataProvided> Take(this EventActivityBinder<ContractState, SpatialDataProvided> binder) =>
        binder.ThenAsync(async context =>
        {
            var (saga, provided) = (context.Saga, context.Message);
            if (!saga.Open.Data.TryGetValue(provided.RequestId, out var name))
            {
                context.RecordIgnored(provided, "it answers no open request");
                return;
            }

            var plan = await context.Plan(saga.Revision);
            var (with, reason) = ContractData.Provide(plan, name, provided.MediaType, provided.Content, provided.Sha256);
            if (with is null)
            {
                context.Blame(FailureKind.DataUnavailable, $"the data '{name}' is not usable: {reason}", new JsonObject { ["name"] = name, ["reason"] = reason });
                return;
            }

            saga.Open = saga.Open with
            {
                Data = saga.Open.Data.Remove(provided.RequestId), Fetched = [.. saga.Open.Fetched, .. plan.DataRequests.Where(request => request.Name == name)],
            };
            await context.Work().Records.Keep(with, context.CancellationToken);
            if (saga.Open.Data.IsEmpty)
            {
                context.Findings().Add(Verdict.DataComplete);
            }
        });

    public static EventActivityBinder<ContractState, SpatialDataUnavailable> Take(this EventActivityBinder<ContractState, SpatialDataUnavailable> binder) =>
        binder.Then(context =>
        {
            if (context.Saga.Open.Data.TryGetValue(context.Message.RequestId, out var name))
            {
                context.Blame(FailureKind.DataUnavailable, $"the data '{name}' cannot be had: {context.Message.Reason}", new JsonObject { ["name"] = name, ["reason"] = context.Message.Reason });
            }
            else
            {
                context.RecordIgnored(context.Message, "it answers no open request");
            }
        });

    /// <summary>Arms the push deadline and looks whether the device is there already.</summary>
    public static EventActivityBinder<ContractState, T> Seek<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder
            .Arm(DeadlineKind.Push, settings => settings.Push)
            .ThenAsync(async context => await context.WatchWindow(await context.Plan(context.Saga.Revision)))
            .LookForDevice();

    /// <summary>Reads whether connectivity is confirmed. A device that was not heard lately, and may be heard again without
    /// a word to its contracts, is looked at again.</summary>
    public static EventActivityBinder<ContractState, T> LookForDevice<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(async context =>
        {
            var (saga, work) = (context.Saga, context.Work());
            var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
            if (device.Connection is not { Closed: false } connection)
            {
                return;
            }

            // News of the connection that overtook the submission is taken next, with what the device lists.
            var isTold = context is BehaviorContext<ContractState, ContractSubmitted> && context.TryGetMessage<ConnectionChanged>(out _);
            if (!isTold && Connectivity.IsConfirmed(connection, device.Contact, work.Now, work.Settings.StaleAfter))
            {
                (saga.Connected, saga.ConnectionEpoch, saga.ConnectionChange) = (true, connection.Epoch, device.Change);
                context.Findings().Evidence["connectionEpoch"] = connection.Epoch;
                context.Findings().Add(Verdict.Connected);
            }
            else
            {
                await context.ArmIn(DeadlineKind.Command, work.Settings.Command);
            }
        });

    /// <summary>Asks for the actuals of a contract that was accepted before.</summary>
    public static EventActivityBinder<ContractState, T> AskForActuals<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.Saga.Connected
            ? context.AwaitActuals(context.Saga.ConnectionEpoch, null, ask: true, returned: true)
            : Task.CompletedTask);
}
